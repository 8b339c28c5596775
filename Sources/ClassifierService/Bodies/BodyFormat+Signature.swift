internal import HTTPServer
internal import TensorFormats

extension BodyFormat {
    /// Adds a hint to a refusal if the body's first bytes indicate another format than its `Content-Type`: that format, and what to send.
    ///
    /// - Parameter formats: the accepted formats.
    func explain(_ problem: Problem, of body: UnsafeRawBufferPointer, among formats: [BodyFormat]) -> Problem {
        guard problem.status == .badRequest,
            let signature = FileSignature(UnsafeRawBufferPointer(rebasing: body.prefix(FileSignature.byteCount))),
            BodyFormat(signature) != self
        else { return problem }
        var problem = problem
        let advice: String
        if let found = BodyFormat(signature) {
            advice =
                formats.contains { $0 == found }
                ? "send it with Content-Type: \(found.mediaType)" : "send it as npz, with its labels"
        } else if signature == .gzip {
            advice = "send it uncompressed"
        } else {
            advice = "expected one of \(formats.map(\.mediaType.description).joined(separator: ", "))"
        }
        problem.detail += "; the body looks like \(signature.description): \(advice)"
        return problem
    }

    private init?(_ signature: FileSignature) {
        switch signature {
        case .npy: self = .npy
        case .npz: self = .npz
        case .safetensors: self = .safetensors
        default: return nil
        }
    }
}
