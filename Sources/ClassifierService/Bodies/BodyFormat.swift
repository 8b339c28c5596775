internal import HTTPServer

/// The formats of rows, by the body's media type.
enum BodyFormat: Sendable {
    /// One object with arrays.
    case json
    /// One object per line and row.
    case ndjson
    /// One NumPy array: features only.
    case npy
    /// NumPy arrays by name, optionally compressed.
    case npz
    /// Tensors by name.
    case safetensors

    /// The formats that have labels with the features.
    static let labelled: [BodyFormat] = [.json, .ndjson, .npz, .safetensors]
    /// All formats.
    static let all: [BodyFormat] = [.json, .ndjson, .npy, .npz, .safetensors]

    /// The name in `Content-Type`.
    var mediaType: StaticString {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .npy: "application/x-npy"
        case .npz: "application/x-npz"
        case .safetensors: "application/vnd.safetensors"
        }
    }

    /// Other names in use: NDJSON has no registered one.
    var otherMediaTypes: [StaticString] { self == .ndjson ? Self.otherLines : [] }

    private static let otherLines: [StaticString] = [
        "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines", "application/x-jsonlines",
        "application/json-lines",
    ]

    /// Whether a request's `Content-Type` names this format. Allocates nothing.
    func isNamed(by request: borrowing Request) -> Bool {
        if request.mediaTypeIs(mediaType) { return true }
        guard self == .ndjson else { return false }
        for type in Self.otherLines where request.mediaTypeIs(type) { return true }
        return false
    }

    /// Whether reading the format may take more time or memory than the body's size suggests, so that no event loop should do it.
    var isCompressed: Bool { self == .npz }

    /// The format of a request's body; JSON if the request does not say.
    ///
    /// - Throws: 415 that names the accepted formats.
    static func of(_ request: borrowing Request, among formats: [BodyFormat]) throws(Problem) -> BodyFormat {
        guard request.hasContentType else { return .json }
        for format in formats where format.isNamed(by: request) { return format }
        var accepted = ""
        for format in formats { accepted += (accepted.isEmpty ? "" : ", ") + format.mediaType.description }
        var hint = ""
        if Self.npy.isNamed(by: request) { hint = "; an npy file holds no labels: send features and labels as npz" }
        if request.mediaTypeIs("application/x-www-form-urlencoded") { hint = "; with curl: --json instead of -d" }
        var problem = Problem(
            .unsupportedMediaType,
            "the Content-Type is \(request.header("content-type") ?? "unreadable"), expected one of \(accepted)\(hint)")
        problem.acceptedTypes = accepted
        throw problem
    }
}
