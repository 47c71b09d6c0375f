"""The public names of qconv. `import qconv` imports none of them: each is imported where it is first used."""

# Layers
from .layers.quantum_conv import QuantumConv as QuantumConv
from .layers.quantum_dense import QuantumDense as QuantumDense
from .layers.quantum_tree import QuantumTree as QuantumTree
from .layers.quantum_layer import QuantumLayer as QuantumLayer
from .layers.cosine_products import CosineProducts as CosineProducts
from .layers.conv_filter import ConvFilter as ConvFilter
from .layers.fourier_filter import FourierFilter as FourierFilter

# Circuits, and what computes them
from .circuit.circuit import Circuit as Circuit
from .circuit.tree import Tree as Tree
from .simulate.device import Device as Device
from .simulate.expectations import expectations as expectations
from .simulate.pauli_tree import maps as maps
from .simulate.states import states as states

# Kernels
from .kernels.alignment import centred_alignment as centred_alignment
from .kernels.bandwidth import fit_bandwidth as fit_bandwidth
from .kernels.classical import RBF as RBF
from .kernels.classical import Linear as Linear
from .kernels.combined import KernelProduct as KernelProduct
from .kernels.combined import KernelSum as KernelSum
from .kernels.combined import View as View
from .kernels.fidelity import FidelityKernel as FidelityKernel
from .kernels.geometry import geometric_difference as geometric_difference
from .kernels.geometry import model_complexity as model_complexity
from .kernels.gram import gram as gram
from .kernels.kernel import Kernel as Kernel
from .kernels.landmarks import choose_landmarks as choose_landmarks
from .kernels.landmarks import landmark_features as landmark_features
from .kernels.projected import ProjectedKernel as ProjectedKernel
from .layers.layer_kernel import LayerKernel as LayerKernel
from .kernels.training import TrainedKernel as TrainedKernel
from .kernels.training import train_kernel as train_kernel
from .kernels.weights import aligned_weights as aligned_weights
from .kernels.weights import fit_weights as fit_weights
from .diagnostics.kernel_diagnosis import KernelDiagnosis as KernelDiagnosis
from .diagnostics.kernel_diagnosis import diagnose_kernel as diagnose_kernel

# Encodings
from .encoding.amplitude import Amplitude as Amplitude
from .encoding.angle import Angle as Angle
from .encoding.base import BitEncoding as BitEncoding
from .encoding.base import Encoding as Encoding
from .encoding.basis import Basis as Basis
from .encoding.dense_angle import DenseAngle as DenseAngle
from .encoding.frqi import FRQI as FRQI
from .encoding.higher_order import HigherOrderAngle as HigherOrderAngle
from .encoding.hybrid import HybridAngle as HybridAngle
from .encoding.hybrid import HybridDirect as HybridDirect
from .encoding.iqp import IQP as IQP
from .encoding.joined_views import JoinedViews as JoinedViews
from .encoding.neqr import NEQR as NEQR
from .encoding.parity_chain import ParityChain as ParityChain

# Ansätze
from .ansatz.base import Ansatz as Ansatz
from .ansatz.basic_entangler import BasicEntangler as BasicEntangler
from .ansatz.cong import CongQCNN as CongQCNN
from .ansatz.hardware_efficient import HardwareEfficient as HardwareEfficient
from .ansatz.hur_convolution import HurConvolution as HurConvolution
from .ansatz.hur_pooling import HurPooling as HurPooling
from .ansatz.identity import Identity as Identity
from .ansatz.qcnn import QCNN as QCNN
from .ansatz.random_layers import RandomLayers as RandomLayers
from .ansatz.sim import SimCircuit as SimCircuit
from .ansatz.staggered import Staggered as Staggered
from .ansatz.strongly_entangling import StronglyEntangling as StronglyEntangling
from .ansatz.su4_brickwork import SU4Brickwork as SU4Brickwork
from .ansatz.ttn import MERA as MERA
from .ansatz.ttn import TTN as TTN

# Readouts
from .readout.base import Readout as Readout
from .readout.most_probable import MostProbableWeight as MostProbableWeight
from .readout.pauli import AllZZ as AllZZ
from .readout.pauli import NeighborZZ as NeighborZZ
from .readout.pauli import Parity as Parity
from .readout.pauli import PauliStrings as PauliStrings
from .readout.pauli import PauliXYZ as PauliXYZ
from .readout.pauli import PauliZ as PauliZ
from .readout.probabilities import Probabilities as Probabilities

# Backbones
from .models.first_stages import FirstStages as FirstStages
from .models.fused import Fused as Fused
from .models.resnet import ResNet as ResNet
from .models.small_cnn import SmallCNN as SmallCNN
from .models.vit import ViT as ViT
from .runs.from_run import FromRun as FromRun
from .runs.trained_features import TrainedFeatures as TrainedFeatures

# Networks and heads
from .models.network import Network as Network
from .models.networks import BackboneNet as BackboneNet
from .models.networks import ClassicalNet as ClassicalNet
from .models.dressed_net import DressedNet as DressedNet
from .models.hybrid_net import HybridNet as HybridNet
from .models.dncnn import DnCNN as DnCNN
from .models.heads import ConvHead as ConvHead
from .models.heads import LinearHead as LinearHead
from .models.heads import LogProbabilities as LogProbabilities
from .models.kernel_machine import KernelMachine as KernelMachine
from .models.quantum_vit import QuantumViT as QuantumViT
from .models.networks import QuantumClassifier as QuantumClassifier
from .models.networks import QuanvNet as QuanvNet
from .models.networks import TreeNet as TreeNet
from .models.squashed_dense import SquashedDense as SquashedDense
from .models.pretrained import Pretrained as Pretrained
from .models.quanv_unet import QuanvUNet as QuanvUNet
from .models.twin import classical_twin as classical_twin
from .models.weight_files import save_weights as save_weights

# Data
from .data.ad_hoc import AdHoc as AdHoc
from .data.autoencoder import Autoencoder as Autoencoder
from .data.bars_and_stripes import BarsAndStripes as BarsAndStripes
from .data.binarised import Binarised as Binarised
from .data.classes import OnlyClasses as OnlyClasses
from .data.cluster_ising import ClusterIsing as ClusterIsing
from .data.dataset import ArraySource as ArraySource
from .data.dataset import Batch as Batch
from .data.dataset import Dataset as Dataset
from .data.dataset import Element as Element
from .data.dataset import Plane as Plane
from .data.dataset import Source as Source
from .data.derived import Derived as Derived
from .data.digits import Digits as Digits
from .data.efficientnet import EfficientNetLite0 as EfficientNetLite0
from .data.few_labels import FewLabels as FewLabels
from .data.held_out import HeldOut as HeldOut
from .data.image_folder import ImageFolder as ImageFolder
from .data.mask_folder import MaskFolder as MaskFolder
from .data.mfeat import Mfeat as Mfeat
from .data.mnist import Mnist5k as Mnist5k
from .data.noisy import Noisy as Noisy
from .data.onnx_features import OnnxFeatures as OnnxFeatures
from .data.onnx_file import OnnxFile as OnnxFile
from .data.onnx_network import OnnxNetwork as OnnxNetwork
from .data.onnx_network import Preprocessing as Preprocessing
from .data.nuclei import Nuclei as Nuclei
from .data.pasted_digits import PastedDigits as PastedDigits
from .data.pca import PCA as PCA
from .data.photographs import Photographs as Photographs
from .data.random_crops import RandomCrops as RandomCrops
from .data.random_flips import RandomFlips as RandomFlips
from .data.reduced import Reduced as Reduced
from .data.reduced import Reduction as Reduction
from .data.reduced_views import ReducedViews as ReducedViews
from .data.resized import Resized as Resized
from .data.scaled import Scaled as Scaled
from .data.spirals import Spirals as Spirals
from .data.spoilt_view import SpoiltView as SpoiltView
from .data.split import HeldOutDataset as HeldOutDataset
from .data.subset import Subset as Subset
from .data.synthetic import Synthetic as Synthetic
from .data.textures import Textures as Textures
from .data.tfds import Tfds as Tfds
from .data.validation import WithValidation as WithValidation

# Tasks
from .tasks.auc import AUC as AUC
from .tasks.auc import ClassificationByAUC as ClassificationByAUC
from .tasks.classification import Accuracy as Accuracy
from .tasks.classification import Classification as Classification
from .tasks.answer import Answer as Answer
from .tasks.answer import Subject as Subject
from .tasks.evidence import Evaluated as Evaluated
from .tasks.evidence import Evidence as Evidence
from .tasks.image_quality import PSNR as PSNR
from .tasks.image_quality import SSIM as SSIM
from .tasks.losses import ClassLoss as ClassLoss
from .tasks.losses import CrossEntropy as CrossEntropy
from .tasks.losses import Loss as Loss
from .tasks.losses import MeanSquaredError as MeanSquaredError
from .tasks.losses import SquaredError as SquaredError
from .tasks.losses import WeightedCrossEntropy as WeightedCrossEntropy
from .tasks.masks import Masks as Masks
from .tasks.metric import Metric as Metric
from .tasks.overlap import Dice as Dice
from .tasks.overlap import MeanIoU as MeanIoU
from .tasks.overlap import PooledDice as PooledDice
from .tasks.overlap import PooledMeanIoU as PooledMeanIoU
from .tasks.restoration import Restoration as Restoration
from .tasks.segmentation import Segmentation as Segmentation
from .tasks.task import Task as Task

# Procedures
from .procedures.fine_tuning import FineTuning as FineTuning
from .procedures.fine_tuning import FineTuningState as FineTuningState
from .procedures.aligned_fit import AlignedFit as AlignedFit
from .procedures.kernel_fit import KernelFit as KernelFit
from .procedures.kernel_fit import KernelFitState as KernelFitState
from .procedures.optimizers import Adam as Adam
from .procedures.optimizers import Optimizer as Optimizer
from .procedures.optimizers import Sgd as Sgd
from .procedures.procedure import DirectProcedure as DirectProcedure
from .procedures.procedure import Procedure as Procedure
from .procedures.procedure import Sums as Sums
from .procedures.procedure import Workplace as Workplace
from .procedures.supervised import Supervised as Supervised
from .procedures.supervised import SupervisedState as SupervisedState

# Experiments
from .experiment.arms import Arm as Arm
from .experiment.arms import arms as arms
from .experiment.experiment import Experiment as Experiment
from .experiment.linear_probe import LinearProbe as LinearProbe
from .experiment.linear_filter import LinearFilter as LinearFilter
from .experiment.kernel_rivals import LinearMachine as LinearMachine
from .experiment.kernel_rivals import OtherKernel as OtherKernel
from .experiment.kernel_rivals import ProductMachine as ProductMachine
from .experiment.kernel_rivals import RbfMachine as RbfMachine
from .experiment.rivals import FittedMethod as FittedMethod
from .experiment.rivals import Method as Method
from .experiment.rivals import Rival as Rival
from .experiment.rivals import Twin as Twin
from .methods.logistic_regression import TunedLogisticRegression as TunedLogisticRegression
from .methods.rbf_svm import TunedRbfSvm as TunedRbfSvm
from .runs.loop import Moment as Moment
from .runs.training import training as training
from .runs.load import TrainedNetwork as TrainedNetwork
from .runs.load import load as load
from .comparison import Comparison as Comparison
from .comparison import Scores as Scores
from .comparison import compare as compare

# Classical methods
from .methods.mean_of_probabilities import MeanOfProbabilities as MeanOfProbabilities
from .methods.gaussian import GaussianFilter as GaussianFilter
from .methods.non_local_means import NonLocalMeans as NonLocalMeans
from .methods.otsu import Otsu as Otsu
from .methods.total_variation import TotalVariation as TotalVariation
from .methods.tuned import TunedFilter as TunedFilter
from .methods.unchanged import Unchanged as Unchanged

# Tables of papers, and what is measured for them
from .tables.rows import Axis as Axis
from .tables.rows import Control as Control
from .tables.rows import Published as Published
from .tables.rows import Row as Row
from .tables.rows import Table as Table
from .tables.rows import seeds as seeds
from .measurements.base import Measured as Measured
from .measurements.base import Measurement as Measurement
from .measurements.baseline import Baseline as Baseline
from .measurements.entanglement import EntanglingCapability as EntanglingCapability
from .measurements.expressibility import Expressibility as Expressibility
from .measurements.gradient_variance import GradientVariance as GradientVariance
from .measurements.log_slope import LogSlope as LogSlope
from .measurements.logistic_regression import LogisticRegression as LogisticRegression
from .measurements.mlp import Mlp as Mlp
from .measurements.svm import RbfSvm as RbfSvm

# Estimators of scikit-learn
from .estimators.conv_classifier import QuantumConvClassifier as QuantumConvClassifier
from .estimators.kernel_fusion import KernelFusionClassifier as KernelFusionClassifier
from .estimators.kernel_svc import QuantumKernelSVC as QuantumKernelSVC
from .estimators.nystroem import QuantumNystroem as QuantumNystroem
from .estimators.quantum_kernel import QuantumKernel as QuantumKernel
from .estimators.vector_classifier import QuantumVectorClassifier as QuantumVectorClassifier

# Errors
from .errors import DataUnavailableError as DataUnavailableError
from .errors import InputError as InputError
from .errors import QconvError as QconvError
from .errors import RunError as RunError

__all__: list[str]
__version__: str
NUMERICS: int
"""Version of what the library computes."""
