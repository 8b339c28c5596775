internal import HTTPServer
internal import TensorFormats

/// How errors are described.
extension ErrorForm {
    /// The media type of their content.
    var mediaType: String {
        switch self {
        case .problem: "application/problem+json"
        case .inference: "application/json"
        }
    }

    /// What their content is.
    var schema: Schema {
        switch self {
        case .problem: .problem
        case .inference: .inferenceError
        }
    }

    /// An error's content.
    func example(_ status: Status, detail: String) -> JSONValue {
        switch self {
        case .problem:
            .object([
                "type": .string("about:blank"), "title": .string(status.reason.description), "status": .integer(Int(status.code)),
                "detail": .string(detail),
            ])
        case .inference: .object(["error": .string(detail)])
        }
    }

    /// What the names of its components begin with.
    var prefix: String {
        switch self {
        case .problem: ""
        case .inference: "Inference"
        }
    }
}

extension Operation {
    /// How its errors are written.
    var errorForm: ErrorForm { .of(path: path) }
}
