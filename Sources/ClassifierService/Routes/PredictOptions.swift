internal import AnalyticLearning
internal import HTTPServer

/// What a prediction's query asks for.
struct PredictOptions: Sendable {
    /// `?weights=plain|balanced`; the model's default where nil.
    var weights: WeightsKind?
    /// `?top=N`, for the formats which hold nothing but rows: how many of the best classes are listed with each row, none where nil.
    var top: Int?
    /// `?probability=true`: also how probable the labels are.
    var probability = false
    /// `?leverage=true`: also how far each row lies from everything learned.
    var leverage = false

    init() {}

    /// - Throws: 400 that names the parameter and what was expected.
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
    }

    /// The number that digits are; `Int.init` alone would take a sign as well.
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
