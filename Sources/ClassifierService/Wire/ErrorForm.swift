internal import HTTPServer

/// How errors are written: that of the API which a path belongs to.
enum ErrorForm: Sendable, CaseIterable {
    /// `application/problem+json` (RFC 9457).
    case problem
    /// `{"error": …}`, as the Open Inference Protocol has it.
    case inference

    /// The form of a path's errors.
    static func of(path: String) -> ErrorForm {
        var path = path
        return path.withUTF8 { OpenInference.owns(UnsafeRawBufferPointer($0)) } ? .inference : .problem
    }

    /// The answer to a request that is refused.
    func response(_ problem: Problem) -> Response {
        switch self {
        case .problem: problem.response
        case .inference: problem.inferenceResponse
        }
    }
}
