const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const LAYERS = `
  Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution2D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing Identity Input InputLayer InputSpec IntegerLookup LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN RandomBrightness RandomColorJitter RandomContrast RandomCrop RandomFlip RandomGrayscale RandomHeight RandomHue RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract TextVectorization ThresholdedReLU TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D CuDNNLSTM CuDNNGRU`;
const MODELS = 'Functional Sequential Model';
const INITIALIZERS =
  'Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros SeedGenerator';
const REGULARIZERS = 'L1 L2 L1L2 OrthogonalRegularizer';
const CONSTRAINTS = 'MaxNorm MinMaxNorm NonNeg UnitNorm';
const OPTIMIZERS =
  'Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam RMSprop SGD';
const SCHEDULES =
  'CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay';
const LOSSES =
  'BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky';
const METRICS =
  'AUC Accuracy BinaryAccuracy BinaryIoU CategoricalAccuracy F1Score FBetaScore FalseNegatives FalsePositives IoU Mean MeanIoU MeanMetricWrapper OneHotIoU OneHotMeanIoU Precision PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy SparseTopKCategoricalAccuracy SpecificityAtSensitivity Sum TopKCategoricalAccuracy TrueNegatives TruePositives';
const POLICIES = 'DTypePolicy DTypePolicyMap FloatDTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy Policy';

/** Which classes stand in which public module. Loaders import by both, so both are exact. */
export const KERAS_CLASSES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['keras', words(`${MODELS} ${POLICIES} KerasTensor InputSpec Variable`)],
  ['keras.layers', words(LAYERS)],
  ['keras.models', words(MODELS)],
  ['keras.initializers', words(INITIALIZERS)],
  ['keras.random', words('SeedGenerator')],
  ['keras.regularizers', words(REGULARIZERS)],
  ['keras.constraints', words(CONSTRAINTS)],
  ['keras.optimizers', words(OPTIMIZERS)],
  ['keras.optimizers.schedules', words(SCHEDULES)],
  ['keras.optimizers.legacy', words(OPTIMIZERS)],
  ['keras.losses', words(LOSSES)],
  ['keras.metrics', words(METRICS)],
  ['keras.dtype_policies', words(POLICIES)],
  ['keras.mixed_precision', words('Policy LossScaleOptimizer')],
  ['keras.src.models.functional', words('Functional')],
  ['keras.src.models.sequential', words('Sequential')],
  ['keras.src.engine.functional', words('Functional')],
  ['keras.src.engine.sequential', words('Sequential')],
  ['keras.engine.functional', words('Functional')],
  ['tensorflow', words('TensorShape DType')],
]);

/** Without a module, as HDF5 files of Keras 2 write: all of these. */
export const KERAS_UNQUALIFIED: ReadonlySet<string> = words(
  [
    LAYERS,
    MODELS,
    INITIALIZERS,
    REGULARIZERS,
    CONSTRAINTS,
    OPTIMIZERS,
    SCHEDULES,
    LOSSES,
    METRICS,
    POLICIES,
    'TensorShape',
  ].join(' '),
);

/** Keras' own marks for plain values. `__lambda__` is not among them. */
export const KERAS_VALUES: ReadonlySet<string> = words(
  '__tuple__ __tensor__ __numpy__ __keras_tensor__ __bytes__ __ellipsis__ __slice__ __complex__ __typespec__ __tf_dtype__ __set__ slice tuple',
);

/** Functions that configurations name as activations, losses and metrics. */
export const KERAS_FUNCTIONS: ReadonlySet<string> = words(
  'celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold ' +
    'binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy categorical_crossentropy categorical_focal_crossentropy categorical_hinge cosine_similarity ctc dice hinge huber kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy squared_hinge top_k_categorical_accuracy tversky mse mae mape msle kld',
);

/** What Keras itself has and refuses in safe mode, or should. */
export const KERAS_EXECUTING: ReadonlySet<string> = words(
  'Lambda TFOpLambda SlicingOpLambda TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer __lambda__ function_lambda TensorFlowOpLayer',
);
