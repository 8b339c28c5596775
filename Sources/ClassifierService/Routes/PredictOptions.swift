internal import AnalyticLearning
internal import HTTPServer

/// The options in a prediction's query.
struct PredictOptions: Sendable {
    /// `?weights=plain|balanced`; nil for the model's default.
    var weights: WeightsKind?
    /// `?top=N`, for formats that contain only rows: how many of the best classes are listed with each row; nil for none.
    var top: Int?
    /// `?probability=true`: also the probability of the labels.
    var probability = false
    /// `?leverage=true`: also how far each row lies from everything learned.
    var leverage = false
    /// `?balance=τ`, or the body's `"prior"`; nil for the model's default.
    var balance: BalanceWish?
    /// `?novelty=true`: also how much farther each row lies from the nearest class than from all rows together.
    var novelty = false
    /// `?reject=SHARE`: rows that are more novel than all but this share of known rows get no label.
    var reject: Double?
    /// `?coverage=LEVEL`: also the set of labels that contains the right one for this share of rows.
    var coverage: CoverageLevel?

    init() {}

    /// - Throws: 400 that names the parameter and the expected value.
    init(_ request: borrowing Request) throws(Problem) {
        guard request.hasQuery else { return }
        switch request.query("weights") {
        case nil: break
        case "plain": weights = .plain
        case "balanced": weights = .balanced
        case let text?: throw Problem(.badRequest, "\"weights\" is \"\(text)\", expected plain or balanced")
        }
        if let text = request.query("top") {
            guard let top = Self.integer(text), top >= 1 else {
                throw Problem(.badRequest, "\"top\" is \"\(text.prefix(160))\", expected an integer of at least 1, digits only")
            }
            self.top = top
        }
        probability = try Self.flag("probability", request)
        leverage = try Self.flag("leverage", request)
        balance = try BalanceWish.query(request)
        novelty = try Self.flag("novelty", request)
        reject = try request.query("reject").map { (text) throws(Problem) in
            try Self.reject(Self.decimal(text), "\"\(text.prefix(160))\"")
        }
        coverage = try request.query("coverage").map { (text) throws(Problem) in
            try Self.coverage(Self.decimal(text), "\"\(text.prefix(160))\"")
        }
    }

    /// Adds what the body asks for.
    ///
    /// - Throws: 400 if it has a prior besides the query's balance.
    mutating func add(_ body: BodyOptions) throws(Problem) {
        top = body.top ?? top
        guard let prior = body.prior else { return }
        guard balance == nil else {
            throw Problem(.badRequest, "the request has both \"balance\" and \"prior\", expected one of them")
        }
        balance = prior
    }

    /// A share of rows to reject.
    ///
    /// - Parameters:
    ///   - value: nil for what is no number.
    ///   - text: the value as it was given.
    static func reject(_ value: Double?, _ text: String) throws(Problem) -> Double {
        guard let value, NoveltyQuantiles.shares.contains(value) else {
            let (least, most) = (NoveltyQuantiles.shares.lowerBound, NoveltyQuantiles.shares.upperBound)
            throw Problem(.badRequest, "\"reject\" is \(text), expected a share from \(least) to \(most)")
        }
        return value
    }

    /// A level of coverage.
    static func coverage(_ value: Double?, _ text: String) throws(Problem) -> CoverageLevel {
        guard let level = value.flatMap(CoverageLevel.init) else {
            throw Problem(.badRequest, "\"coverage\" is \(text), expected 0.8, 0.9, 0.95 or 0.99")
        }
        return level
    }

    /// The value of a decimal number; `Double.init` alone would accept hexadecimal ones and words.
    private static func decimal(_ text: String) -> Double? {
        text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: ".") } ? Double(text) : nil
    }

    /// The value of decimal digits; `Int.init` alone would accept a sign.
    static func integer(_ text: String) -> Int? {
        text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } ? Int(text) : nil
    }

    private static func flag(_ name: StaticString, _ request: borrowing Request) throws(Problem) -> Bool {
        switch request.query(name) {
        case nil, "false": return false
        case "true": return true
        case let text?: throw Problem(.badRequest, "\"\(name)\" is \"\(text)\", expected true or false")
        }
    }
}

/// The options in a prediction's body, which only the format JSON can have.
struct BodyOptions: Sendable {
    /// `"top"`: the number of best classes.
    var top: Int?
    /// `"prior"`.
    var prior: BalanceWish?
}
