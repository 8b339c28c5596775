internal import HTTPServer
internal import TensorFormats

/// The format of errors, which depends on the API that a path belongs to.
enum ErrorForm: Sendable, CaseIterable {
    /// `application/problem+json` (RFC 9457).
    case problem
    /// `{"error": …}`, for the Open Inference Protocol.
    case inference

    /// The format of a path's errors.
    static func of(path: String) -> ErrorForm {
        var path = path
        return path.withUTF8 { isInference(UnsafeRawBufferPointer($0)) } ? .inference : .problem
    }

    /// Whether a path is the Open Inference Protocol's.
    static func isInference(_ path: UnsafeRawBufferPointer) -> Bool {
        path.starts(with: "/v2".utf8) && (path.count == 3 || path[3] == UInt8(ascii: "/"))
    }

    /// `{"error": …}`.
    static func inferenceContent(of detail: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error", detail)
        writer.endObject()
        return writer.array
    }

    /// The answer to a refused request.
    func response(_ problem: Problem) -> Response {
        switch self {
        case .problem: problem.response
        case .inference: problem.inferenceResponse
        }
    }
}

extension Problem {
    /// The answer in the format of the Open Inference Protocol.
    var inferenceResponse: Response {
        Response(status, contentType: "application/json", headers: response.headers, bytes: ErrorForm.inferenceContent(of: shownDetail))
    }
}
