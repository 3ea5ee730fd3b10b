"""Makes vectors.json from docs/FORMATS.md alone, with pyca/cryptography; shares nothing with the code that it tests."""
import base64, hashlib, hmac, json, struct, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

b64 = lambda b: base64.b64encode(b).decode()
jcs = lambda v: json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def hkdf(key, salt, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(key)

def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

def seeded(label, length):
    return hashlib.shake_256(label.encode()).digest(length)

def make(name, alg, size, bind):
    chunk = 4096
    plain = bytes((i * 7 + 3) % 256 for i in range(size))
    file_id, file_key = seeded(name + " id", 16), seeded(name + " key", 32)
    core = {"v": 1, "alg": alg, "chunk": chunk, "size": size,
            "plainSha256": hashlib.sha256(plain).hexdigest(), "fileId": b64(file_id)}
    if bind:
        core["bind"] = bind
    core_hash = hashlib.sha256(jcs(core)).digest()
    identity = X25519PrivateKey.from_private_bytes(seeded(name + " identity", 32))
    ephemeral = X25519PrivateKey.from_private_bytes(seeded(name + " ephemeral", 32))
    pub, epk = raw(identity.public_key()), raw(ephemeral.public_key())
    x_key = hkdf(ephemeral.exchange(identity.public_key()), file_id + epk + pub, b"sluice-seal/1 X25519", 32)
    x = {"alg": "X25519-HKDF-SHA256", "kid": hashlib.sha256(pub).hexdigest()[:32], "epk": b64(epk),
         "wrapped": b64(AESGCM(x_key).encrypt(bytes(12), file_key, file_id))}
    passphrase, salt, n = name + " passphrase", seeded(name + " salt", 16), 1024
    s_key = hashlib.scrypt(passphrase.encode(), salt=b"sluice-seal/1 scrypt" + salt, n=n, r=8, p=1, dklen=32)
    s = {"alg": "scrypt", "kid": "passphrase", "n": n, "salt": b64(salt),
         "wrapped": b64(AESGCM(s_key).encrypt(bytes(12), file_key, file_id))}
    header = dict(core, recipients=[x, s])
    mac_key = hkdf(file_key, file_id, b"sluice-seal/1 header mac", 32)
    header["mac"] = b64(hmac.new(mac_key, jcs(header), hashlib.sha256).digest())
    text = jcs(header)
    head = b"SLSEAL1\n" + struct.pack(">II", len(text), 4096) + text
    head += bytes(4096 - len(head))
    key = hkdf(file_key, file_id, b"sluice-seal/1 payload" + core_hash, 32)
    prefix = hkdf(file_key, file_id, b"sluice-seal/1 nonce" + core_hash, 7)
    aead = AESGCM(key) if alg == "AES-256-GCM" else ChaCha20Poly1305(key)
    count = max(1, -(-size // chunk))
    payload = b"".join(
        aead.encrypt(prefix + struct.pack(">IB", i, 1 if i == count - 1 else 0), plain[i * chunk:(i + 1) * chunk], core_hash)
        for i in range(count))
    pem = identity.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"name": name, "size": size, "privateKey": pem.decode(), "passphrase": passphrase,
            "fileKey": file_key.hex(), "payloadKey": key.hex(), "noncePrefix": prefix.hex(), "coreHash": core_hash.hex(),
            "header": text.decode(), "payload": b64(payload), "sealedSha256": hashlib.sha256(head + payload).hexdigest()}

json.dump([
    make("three chunks", "AES-256-GCM", 2 * 4096 + 100, {"artifact": "hf:acme/tiny@v1", "path": "model.safetensors"}),
    make("chacha", "CHACHA20-POLY1305", 4096 + 1, None),
    make("empty", "AES-256-GCM", 0, None),
    make("whole chunks", "AES-256-GCM", 4096, {"path": "名前.bin"}),
], sys.stdout, indent=1, ensure_ascii=False)
print()
