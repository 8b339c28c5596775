internal import HTTPServer
internal import TensorFormats

/// The description of errors.
extension ErrorForm {
    /// The media type of their content.
    var mediaType: String {
        switch self {
        case .problem: "application/problem+json"
        case .inference: "application/json"
        }
    }

    /// The schema of their content.
    var schema: Schema {
        switch self {
        case .problem: .problem
        case .inference: .inferenceError
        }
    }

    /// An example of an error's content.
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

    /// The prefix of the names of its components.
    var prefix: String {
        switch self {
        case .problem: ""
        case .inference: "Inference"
        }
    }
}

extension Operation {
    /// The format of its errors.
    var errorForm: ErrorForm { .of(path: path) }
}
