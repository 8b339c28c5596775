/// The outputs of every model, by their places in the signature.
enum InferenceOutput: Int {
    /// BYTES [n]: the label with the highest score.
    case label
    /// FP32 [n, C]: the scores of all classes.
    case score
    /// FP32 [n, C]: how probable each class is, where the model is calibrated.
    case probability
}
