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
        case .models: "Create, describe, change and delete models."
        case .rows: "Learn, unlearn and predict rows of features."
        case .classes: "List, rename and delete the classes of a model."
        case .snapshots: "Whole models as safetensors files: save, restore, merge."
        case .inference: "The Open Inference Protocol (KServe V2), for clients of Triton and KServe."
        case .service: "Health, metrics, the dashboard and this document."
        }
    }
}
