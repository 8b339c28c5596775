import Foundation
import TensorFormats

/// `predict` in every format, with every choice of weights, and with random options.
enum PredictProbe: ModelProbe {
    static let operations = ["predict"]

    /// The options of a request.
    private struct Options {
        var weights: String?
        var top: Int?
        var probability = false
        var leverage = false
        var balance: Double?
        var novelty = false

        var query: String {
            var items: [String] = []
            if let weights { items.append("weights=\(weights)") }
            if let top { items.append("top=\(top)") }
            if probability { items.append("probability=true") }
            if leverage { items.append("leverage=true") }
            if let balance { items.append("balance=\(balance)") }
            if novelty { items.append("novelty=true") }
            return items.isEmpty ? "" : "?" + items.joined(separator: "&")
        }
    }

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard let model = world.oracle.models[name] else { return }
        let rows = rows(model, world.data, &generator)
        let details = try world.send(HistoryRequest("GET", "/v1/models/\(name)")).json
        /// The predictions by the weights that were used.
        var seen: [String: [String]] = [:]
        for weights in [nil, "plain", "balanced"] {
            for format in RowBody.allCases.map(Optional.some) + [nil] {
                var options = Options(weights: weights)
                options.top = [nil, 1, 2, 99].randomElement(using: &generator)!
                options.probability = Bool.random(using: &generator)
                options.leverage = Bool.random(using: &generator)
                options.balance = [nil, nil, 0, 0.3, 1].randomElement(using: &generator)!
                options.novelty = Bool.random(using: &generator)
                let body = try format?.octets(rows, nil) ?? ArrayBodies.npy(rows)
                let request = HistoryRequest(
                    "POST", "/v1/models/\(name)/predict" + options.query, body, contentType: format?.contentType ?? "application/x-npy")
                let reply = try world.send(request)
                guard !model.classes.isEmpty else {
                    try demand(reply.status == 409, "\(request.summary) of a model without classes is answered with \(reply.status)")
                    continue
                }
                guard try !isWithoutBalanced(reply, model, weights, request.summary) else { continue }
                try demand(reply.status == 200, "\(request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
                let short = try check(reply, model, name, rows, options, details, request.summary)
                // A discriminant that needs Float64 may be adopted in between; the plain weights then predict in Float64 too.
                if case .discriminant = model.configuration.imbalance, reply["weights"].string == "plain" { continue }
                // The same rows get the same predictions in every format.
                let weights = "\(reply["weights"]) \(reply["balanced_version"]) \(reply["balance"].double ?? 0)"
                if let first = seen[weights] {
                    try demand(first == short, "\(request.summary) predicts \(short), and in another format \(first)")
                } else {
                    seen[weights] = short
                }
            }
        }
        try checkLargeRow(world, name, model)
        try checkRefusals(world, name, model)
    }

    /// Whether balanced weights were requested and do not exist; while they are wanted they may not have been computed yet.
    static func isWithoutBalanced(_ reply: Reply, _ model: OracleModel, _ wish: String?, _ place: String) throws -> Bool {
        guard wish == "balanced" else { return false }
        let isExpected = model.configuration.imbalance != .none || reply.status == 409
        try demand(isExpected, "\(place) is answered with \(reply.status), but no balanced weights are wanted")
        return reply.status == 409
    }

    /// A learned row, a similar one, and one of zeros.
    static func rows(_ model: OracleModel, _ data: HistoryData, _ generator: inout SeededGenerator) -> [[Double]] {
        var rows = [data.row(model.configuration, 3, &generator), [Double](repeating: 0, count: model.configuration.dimension)]
        if let row = model.classes.randomElement(using: &generator)?.rows.randomElement(using: &generator) { rows.append(row.x) }
        return rows
    }

    /// - Returns: label and score of each row.
    private static func check(
        _ reply: Reply, _ model: OracleModel, _ name: String, _ rows: [[Double]], _ options: Options, _ details: JSONValue, _ place: String
    ) throws -> [String] {
        try demand(reply["model"].string == name, "\(place): the model is \(reply["model"])")
        try demand(reply["version"].int == model.version, "\(place): the version is \(reply["version"]), expected \(model.version)")
        var expected = try ExpectedScores(
            model, kind: reply["weights"].string, version: reply["balanced_version"].int, wish: options.weights)
        let balance = options.balance ?? (model.configuration.balance == 0 ? nil : model.configuration.balance)
        try demand(
            reply["balance"].double == balance || reply.json.object?["balance"] == .null && balance != nil,
            "\(place): the balance is \(reply["balance"]), expected \(balance.map { "\($0)" } ?? "none")")
        try expected.adjust(balance: reply["balance"].double, kind: reply["weights"].string, details: details)
        let predictions = reply["predictions"].array ?? []
        try demand(predictions.count == rows.count, "\(place): \(predictions.count) predictions of \(rows.count) rows")
        // Input was rounded once.
        for (index, (prediction, row)) in zip(predictions, rows).enumerated() {
            let x = row.contains { abs($0) > Double(Float.greatestFiniteMagnitude) } ? row : row.map { Double(Float($0)) }
            let place = "\(place), row \(index)"
            try expected.check(best: prediction["label"].string.map { LabelBytes($0) }, score: prediction["score"].double, x, place)
            try checkTop(prediction, expected, x, options, reply["calibration"], place)
            if options.leverage { try checkLeverage(prediction["leverage"], model, x, place) }
            if options.novelty { try checkNovelty(prediction["novelty"], reply["novelty_unavailable"], model, x, place) }
        }
        return predictions.map { "\($0["label"].string.map { LabelBytes($0).description } ?? "") \($0["score"])" }
    }

    private static func checkTop(
        _ prediction: JSONValue, _ expected: ExpectedScores, _ x: [Double], _ options: Options, _ calibration: JSONValue, _ place: String
    ) throws {
        let isCalibrated = options.probability && calibration != .null
        try demand((prediction["probability"].double != nil) == isCalibrated, "\(place): the probability is \(prediction["probability"])")
        guard let wanted = options.top else { return }
        let top = prediction["top"].array ?? []
        try demand(
            top.count == min(wanted, expected.labels.count) || expected.isOpen && top.count <= min(wanted, expected.labels.count),
            "\(place): \(top.count) of the best \(wanted) of \(expected.labels.count) classes")
        let listed = top.compactMap { $0["label"].string.map { LabelBytes($0) } }
        try demand(Set(listed).count == top.count, "\(place): \(listed) are not different classes")
        let scores = top.compactMap { $0["score"].double }
        try demand(
            scores.count == top.count && zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 } && scores.allSatisfy(\.isFinite),
            "\(place): the scores are \(scores)")
        let all = expected.scores(x)
        for (label, score) in zip(listed, scores) {
            guard let column = expected.labels.firstIndex(of: label) else { throw HistoryFailure("\(place): \(label) is no class") }
            if expected.isTold { try expected.check(score, all[column], "\(place): the score of \(label)") }
        }
        guard isCalibrated, let temperature = calibration["temperature"].double else { return }
        let probabilities = top.compactMap { $0["probability"].double }
        try demand(
            probabilities.count == top.count && probabilities.allSatisfy { (0...1.0001).contains($0) }
                && probabilities.reduce(0, +) < 1.001,
            "\(place): the probabilities are \(probabilities)")
        guard top.count == expected.labels.count, !expected.isOpen, let largest = scores.first, abs(largest) < 1e3 * temperature else {
            return
        }
        try demand(abs(probabilities.reduce(0, +) - 1) < 1e-3, "\(place): the probabilities \(probabilities) do not add up to 1")
        let powers = scores.map { exp(($0 - largest) / temperature) }
        let sum = powers.reduce(0, +)
        for (power, probability) in zip(powers, probabilities) {
            try demand(
                abs(power / sum - probability) < 1e-2, "\(place): the probability \(probability) of scores \(scores) at \(temperature)")
        }
    }

    private static func checkLeverage(_ value: JSONValue, _ model: OracleModel, _ x: [Double], _ place: String) throws {
        var model = model
        let solution = model.solution()
        guard solution.isTold, !model.isInexact else { return }
        guard let leverage = value.double else { throw HistoryFailure("\(place): the leverage is \(value)") }
        guard hasCertainMap(x, model) else { return }
        let h = model.mapped(x)
        let length = OracleModel.length(h)
        let expected = solution.leverage(h)
        let tolerance = solution.relativeTolerance * length * length * solution.inverseTrace + 1e-300
        try demand(abs(leverage - expected) <= tolerance, "\(place): the leverage is \(leverage), expected \(expected) within \(tolerance)")
    }

    private static func checkNovelty(
        _ value: JSONValue, _ reason: JSONValue, _ model: OracleModel, _ x: [Double], _ place: String
    ) throws {
        guard model.classes.count(where: { $0.count > 0 }) >= 2 else {
            return try demand(
                value == .null && reason.string == "fewer than two classes have rows", "\(place): the novelty is \(value), \(reason)")
        }
        if let reason = reason.string { try demand(value == .null, "\(place): the novelty is \(value), \(reason)") }
        var model = model
        let solution = model.solution()
        guard solution.isTold, !model.isInexact, let oracle = OracleNovelty(model, solution), let novelty = value.double,
            hasCertainMap(x, model)
        else { return }
        let (expected, tolerance) = oracle.value(model.mapped(x))
        try demand(abs(novelty - expected) <= tolerance, "\(place): the novelty is \(novelty), expected \(expected) within \(tolerance)")
    }

    /// Whether rounding in Float64 leaves a row's h its digits: a cosine of 10⁴⁵ may be any.
    private static func hasCertainMap(_ x: [Double], _ model: OracleModel) -> Bool {
        guard case .random(let random) = model.configuration.featureMap, random.activation == .cos else { return true }
        let spread = model.configuration.spread(x, projection: model.projection)
        return 64 * .ulpOfOne * OracleModel.length(spread) <= 1e-8 * OracleModel.length(model.mapped(x))
    }

    /// A row beyond Float32, which is scored in Float64.
    private static func checkLargeRow(_ world: HistoryWorld, _ name: String, _ model: OracleModel) throws {
        guard !model.classes.isEmpty else { return }
        let row = (0..<model.configuration.dimension).map { $0 % 2 == 0 ? 1e45 : -3e44 }
        let request = HistoryRequest("POST", "/v1/models/\(name)/predict?top=99&leverage=true&novelty=true", Bodies.predict([row]))
        let reply = try world.send(request)
        try demand(reply.status == 200, "\(request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
        let details = try world.send(HistoryRequest("GET", "/v1/models/\(name)")).json
        _ = try check(reply, model, name, [row], Options(top: 99, leverage: true, novelty: true), details, request.summary)
    }

    /// Refused predictions, and one for a missing model.
    private static func checkRefusals(_ world: HistoryWorld, _ name: String, _ model: OracleModel) throws {
        let path = "/v1/models/\(name)/predict"
        let row = [Double](repeating: 1, count: model.configuration.dimension)
        for (request, status) in [
            (HistoryRequest("POST", path, Bodies.predict([row + [1]])), 400), (HistoryRequest("POST", path, Bodies.predict([])), 400),
            (HistoryRequest("POST", path + "?top=0", Bodies.predict([row])), 400),
            (HistoryRequest("POST", path + "?weights=other", Bodies.predict([row])), 400),
            (HistoryRequest("POST", path + "?balance=1.1", Bodies.predict([row])), 400),
            (HistoryRequest("POST", path + "?reject=0.9", Bodies.predict([row])), 400),
            (HistoryRequest("POST", path + "?coverage=0.5", Bodies.predict([row])), 400),
            (HistoryRequest("POST", "/v1/models/none/predict", Bodies.predict([row])), 404),
        ] {
            let reply = try world.send(request)
            let isExpected = reply.status == status || model.classes.isEmpty && reply.status == 409
            try demand(isExpected, "\(request.summary) is answered with \(reply.status), expected \(status)")
        }
    }
}
