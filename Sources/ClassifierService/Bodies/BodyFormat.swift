internal import HTTPServer

/// The formats in which rows come, by the media type of the body.
enum BodyFormat: Sendable {
    /// One object with arrays.
    case json
    /// One object a line and row.
    case ndjson
    /// One NumPy array: features alone.
    case npy
    /// NumPy arrays by name, perhaps compressed.
    case npz
    /// Tensors by name.
    case safetensors

    /// Those that hold labels with the features.
    static let labelled: [BodyFormat] = [.json, .ndjson, .npz, .safetensors]
    /// All of them.
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

    /// The other names that are in use for it: NDJSON has no registered one.
    var otherMediaTypes: [StaticString] { self == .ndjson ? Self.otherLines : [] }

    private static let otherLines: [StaticString] = [
        "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines", "application/x-jsonlines",
        "application/json-lines",
    ]

    /// Whether a request's body says that it is of this format. Allocates nothing.
    func isNamed(by request: borrowing Request) -> Bool {
        if request.mediaTypeIs(mediaType) { return true }
        guard self == .ndjson else { return false }
        for type in Self.otherLines where request.mediaTypeIs(type) { return true }
        return false
    }

    /// Whether reading it may take time or memory beyond the body's own size, so that no event loop should do it.
    var isCompressed: Bool { self == .npz }

    /// The format of a request's body; JSON where the request does not say.
    ///
    /// - Throws: 415, which names what would do.
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
