"""The front door: which names are public, and that each is there, documented, and imported only when it is used."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import qconv

STUB = Path(qconv.__file__).with_suffix(".pyi").read_text()
PUBLIC = """
AUC Accuracy AdHoc Adam AlignedFit AllZZ Amplitude Angle Ansatz Answer Arm ArraySource Autoencoder Axis BackboneNet
BarsAndStripes Baseline BasicEntangler Basis Batch Binarised BitEncoding Circuit ClassLoss ClassicalNet Classification
ClassificationByAUC ClusterIsing Comparison CongQCNN Control ConvFilter ConvHead CosineProducts CrossEntropy
DataUnavailableError Dataset DenseAngle Derived Device Dice Digits DirectProcedure DnCNN DressedNet EfficientNetLite0
Element Encoding EntanglingCapability Evaluated Evidence Experiment Expressibility FRQI FewLabels FidelityKernel
FineTuning FineTuningState FirstStages FittedMethod FourierFilter FromRun Fused GaussianFilter GradientVariance
HardwareEfficient HeldOut HeldOutDataset HigherOrderAngle HurConvolution HurPooling HybridAngle HybridDirect HybridNet
IQP Identity ImageFolder InputError JoinedViews Kernel KernelDiagnosis KernelFit KernelFitState KernelFusionClassifier
KernelMachine KernelProduct KernelSum LayerKernel Linear LinearFilter LinearHead LinearMachine LinearProbe
LogProbabilities LogSlope LogisticRegression Loss MERA MaskFolder Masks MeanIoU MeanOfProbabilities MeanSquaredError
Measured Measurement Method Metric Mfeat Mlp Mnist5k Moment MostProbableWeight NEQR NeighborZZ Network Noisy
NonLocalMeans Nuclei OnlyClasses OnnxFeatures OnnxFile OnnxNetwork Optimizer OtherKernel Otsu PCA PSNR Parity
ParityChain PastedDigits PauliStrings PauliXYZ PauliZ Photographs Plane PooledDice PooledMeanIoU Preprocessing
Pretrained Probabilities Procedure ProductMachine ProjectedKernel Published QCNN QconvError QuantumClassifier
QuantumConv QuantumConvClassifier QuantumDense QuantumKernel QuantumKernelSVC QuantumLayer QuantumNystroem QuantumTree
QuantumVectorClassifier QuantumViT QuanvNet QuanvUNet RBF RandomCrops RandomFlips RandomLayers RbfMachine RbfSvm Readout
Reduced ReducedViews Reduction ResNet Resized Restoration Rival Row RunError SSIM SU4Brickwork Scaled Scores
Segmentation Sgd SimCircuit SmallCNN Source Spirals SpoiltView SquaredError SquashedDense Staggered StronglyEntangling
Subject Subset Sums Supervised SupervisedState Synthetic TTN Table Task Textures Tfds TotalVariation TrainedFeatures
TrainedKernel TrainedNetwork Tree TreeNet TunedFilter TunedLogisticRegression TunedRbfSvm Twin Unchanged ViT View
WeightedCrossEntropy WithValidation Workplace aligned_weights arms centred_alignment choose_landmarks classical_twin
compare diagnose_kernel expectations fit_bandwidth fit_weights geometric_difference gram landmark_features load maps
model_complexity save_weights seeds states train_kernel training
"""
"""Who takes a name away breaks the experiments of others, and the specs of finished runs."""


def test_these_names_are_public() -> None:
    assert sorted(qconv.__all__) == sorted(PUBLIC.split())
    assert set(qconv.__all__) <= set(dir(qconv))


@pytest.mark.parametrize("name", PUBLIC.split())
def test_a_public_name_is_there_and_says_what_it_is(name: str) -> None:
    found = getattr(qconv, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Quantumconv"):
        qconv.Quantumconv  # noqa: B018 - that is the test  # ty: ignore[missing-attribute]


def test_each_name_stands_in_one_group() -> None:
    names = [alias for node in ast.parse(STUB).body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.name == alias.asname for alias in names)
    assert len({alias.name for alias in names}) == len(names)


def test_importing_qconv_imports_nothing_that_takes_time() -> None:
    slow = {"jax", "flax", "numpy", "matplotlib", "sklearn"}
    code = f"import sys, qconv; print(*({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
