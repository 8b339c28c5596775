internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The class shares that a request asks its predictions to assume.
enum BalanceWish: Sendable, Equatable {
    /// `?balance=τ`, from 0 to 1.
    case balance(Double)
    /// `"prior": "uniform"`: the same as balance 1.
    case uniform
    /// `"prior": {"cat": 0.7, …}`.
    case shares([(label: String, share: Double)])

    static func == (left: BalanceWish, right: BalanceWish) -> Bool {
        switch (left, right) {
        case (.balance(let left), .balance(let right)): left == right
        case (.uniform, .uniform): true
        case (.shares(let left), .shares(let right)): left.elementsEqual(right) { $0 == $1 }
        default: false
        }
    }

    /// The most classes for which an event loop computes the shares, and looks up the labels of a prior.
    static let inlineClasses = 4096

    /// Shares may add up to this much more than 1, because decimal fractions are rounded.
    private static let tolerance = 1e-6

    /// Whether a balance is allowed.
    static func isValid(_ balance: Double) -> Bool { balance >= 0 && balance <= 1 }

    /// Whether an event loop may apply a wish, or the model's default if it is nil.
    static func isInline(_ wish: BalanceWish?, _ weights: PublishedWeights) -> Bool {
        weights.classCount <= inlineClasses || wish == nil && weights.configuration.balance == 0
    }

    // MARK: Reading

    /// `?balance=…`; nil without it.
    ///
    /// - Throws: 400.
    static func query(_ request: borrowing Request) throws(Problem) -> BalanceWish? {
        guard var text = request.query("balance") else { return nil }
        let balance = text.withUTF8 { octets -> Double? in
            var scanner = JSONScanner(UnsafeRawBufferPointer(octets))
            do throws(JSONError) {
                let value = try scanner.readDouble()
                try scanner.finish()
                return value
            } catch { return nil }
        }
        guard let balance, isValid(balance) else {
            throw Problem(.badRequest, "\"balance\" is \"\(text.prefix(160))\", expected a number from 0 to 1")
        }
        return .balance(balance)
    }

    /// Reads the value of `"prior"`.
    ///
    /// - Throws: `JSONError` if it is neither a string nor an object of numbers.
    static func readPrior(_ scanner: inout JSONScanner) throws(JSONError) -> Result<BalanceWish, Problem> {
        guard try scanner.peekKind() != .string else {
            let text = try scanner.readString(field: "prior")
            guard text == "uniform" else {
                return .failure(
                    Problem(.badRequest, "\"prior\" is \"\(text.prefix(160))\", expected \"uniform\" or an object with a share per label"))
            }
            return .success(.uniform)
        }
        var shares: [(label: String, share: Double)] = []
        try scanner.beginObject(field: "prior")
        while let key = try scanner.nextKey() {
            let label = key.description
            shares.append((label, try scanner.readDouble(field: "prior")))
        }
        return check(shares)
    }

    private static func check(_ shares: [(label: String, share: Double)]) -> Result<BalanceWish, Problem> {
        func refuse(_ what: String) -> Result<BalanceWish, Problem> { .failure(Problem(.badRequest, "\"prior\" \(what)")) }
        var (sum, seen) = (0.0, Set<[UInt8]>())
        for (label, share) in shares {
            guard seen.insert(Array(label.utf8)).inserted else { return refuse("names \"\(label.prefix(160))\" twice") }
            guard share >= 0, share <= 1 else {
                return refuse("gives \"\(label.prefix(160))\" the share \(share), expected a number from 0 to 1")
            }
            sum += share
        }
        guard sum > 0 else {
            return refuse(shares.isEmpty ? "has no shares, expected at least one" : "has only shares of 0, expected one above 0")
        }
        guard sum <= 1 + tolerance else { return refuse("has shares that add up to \(Float(sum)), expected at most 1") }
        return .success(.shares(shares))
    }
}
