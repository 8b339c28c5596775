/// A group of operations.
enum Tag: String, Sendable, CaseIterable {
    case models
    case rows
    case classes
    case snapshots
    case inference
    case service

    var description: String {
        switch self {
        case .models: "Make, describe, change and delete models."
        case .rows: "Learn, unlearn and predict rows of features."
        case .classes: "The labels that a model knows."
        case .snapshots: "Whole models as safetensors files: save, restore, merge."
        case .inference: "The Open Inference Protocol (KServe V2), which Triton's and KServe's clients speak."
        case .service: "The service itself."
        }
    }
}
