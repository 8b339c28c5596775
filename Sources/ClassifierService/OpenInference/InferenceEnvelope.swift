internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The description of an inference request's content in its head.
struct InferenceEnvelope: Sendable {
    /// The compression.
    let coding: ContentCoding?
    /// The length of the decompressed JSON before binary data; nil if there is only JSON.
    let headerCount: Int?
    /// The weights requested in the query.
    let wish: WeightsKind?
    /// The balance requested in the query.
    let balance: BalanceWish?

    /// Reads the head. Allocates nothing for a valid request.
    ///
    /// - Throws: 400 and 415.
    init(_ request: borrowing Request) throws(Problem) {
        if request.hasContentType, !request.mediaTypeIs("application/json"), !request.mediaTypeIs("application/octet-stream") {
            let hint = request.mediaTypeIs("application/x-www-form-urlencoded") ? "; with curl: --json instead of -d" : ""
            throw Problem(
                .unsupportedMediaType,
                "the Content-Type is \(request.header("content-type") ?? "unreadable"), expected application/json, "
                    + "application/octet-stream or none\(hint)")
        }
        coding = try Self.coding(request)
        headerCount = try Self.headerCount(request)
        let options = try PredictOptions(request)
        (wish, balance) = (options.weights, options.balance)
    }

    private static func coding(_ request: borrowing Request) throws(Problem) -> ContentCoding? {
        let hasCoding = request.withHeaderBytes("content-encoding") { $0 != nil }
        guard hasCoding, !request.headerIsEqual("content-encoding", "identity") else { return nil }
        if !request.headerIsRepeated("content-encoding") {
            if request.headerIsEqual("content-encoding", "gzip") || request.headerIsEqual("content-encoding", "x-gzip") { return .gzip }
            if request.headerIsEqual("content-encoding", "deflate") { return .deflate }
        }
        var problem = Problem(
            .unsupportedMediaType, "the Content-Encoding is \(request.header("content-encoding") ?? "unreadable"), expected gzip or deflate"
        )
        problem.acceptedCodings = "gzip, deflate"
        throw problem
    }

    private static func headerCount(_ request: borrowing Request) throws(Problem) -> Int? {
        let count = request.withHeaderBytes("inference-header-content-length") { value -> Int?? in
            guard let value else { return .some(nil) }
            var number = 0
            for octet in value {
                let digit = octet &- UInt8(ascii: "0")
                let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, overflowing) = tens.addingReportingOverflow(Int(digit))
                guard digit <= 9, !overflow, !overflowing else { return nil }
                number = sum
            }
            return value.isEmpty ? nil : .some(number)
        }
        guard let count, !request.headerIsRepeated("inference-header-content-length") else {
            throw Problem(
                .badRequest,
                "Inference-Header-Content-Length is \"\(request.header("inference-header-content-length") ?? "")\", "
                    + "expected the length of the JSON in bytes")
        }
        return count
    }
}
