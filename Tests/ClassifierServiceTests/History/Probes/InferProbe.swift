import TensorFormats

/// `infer` in every encoding, with and without a version, with every choice of weights and output.
enum InferProbe: ModelProbe {
    static let operations = ["infer", "infer_of_version"]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard let model = world.oracle.models[name] else { return }
        let rows = PredictProbe.rows(model, world.data, &generator)
        let details = try world.send(HistoryRequest("GET", "/v1/models/\(name)")).json
        for weights in [nil, "plain", "balanced"] {
            for form in 0..<7 {
                var request = request(rows, form, weights, &generator)
                let base = Bool.random(using: &generator) ? "/v2/models/\(name)" : "/v2/models/\(name)/versions/\(model.version)"
                // Raw rows have no place for parameters except the query.
                request.path = base + "/infer" + (form == 4 ? weights.map { "?weights=\($0)" } ?? "" : "")
                let reply = try world.send(request)
                guard !model.classes.isEmpty else {
                    try demand(reply.status == 409, "\(request.summary) of a model without classes is answered with \(reply.status)")
                    continue
                }
                guard try !PredictProbe.isWithoutBalanced(reply, model, weights, request.summary) else { continue }
                try demand(reply.status == 200, "\(request.summary) is answered with \(reply.status): \(reply.text.prefix(500))")
                try check(reply, model, rows.map { $0.map { Double(Float($0)) } }, form, weights, details, request.summary)
            }
        }
        let old = try world.send(
            HistoryRequest("POST", "/v2/models/\(name)/versions/\(model.version + 1)/infer", json: InferenceClient.json(rows)))
        try demand(old.status == 404 || model.classes.isEmpty && old.status == 409, "a version that is none is answered with \(old.status)")
        let wrong = try world.send(HistoryRequest("POST", "/v2/models/\(name)/infer", json: InferenceClient.json(rows.map { $0 + [1] })))
        try demand(
            wrong.status == 400 || model.classes.isEmpty && wrong.status == 409, "rows that are too long are answered with \(wrong.status)")
    }

    /// The forms: JSON of FP32 and of FP64, binary in, binary out, rows alone, the best classes, and compressed.
    private static func request(
        _ rows: [[Double]], _ form: Int, _ weights: String?, _ generator: inout SeededGenerator
    ) -> HistoryRequest {
        var parameters: [String] = []
        if let weights { parameters.append(#""weights":"\#(weights)""#) }
        if form == 3 { parameters.append(#""binary_data_output":true"#) }
        var members = parameters.isEmpty ? "" : ",\"parameters\":{\(parameters.joined(separator: ","))}"
        if form == 5 { members += #","outputs":[{"name":"score","parameters":{"classification":99}}]"# }
        let floats = rows.map { $0.map { Float($0) } }
        switch form {
        case 2, 3, 6:
            let (body, count) = InferenceClient.binary(floats, members: members)
            var request = HistoryRequest("POST", "", form == 6 ? Compressed.gzip(body) : body)
            request.fields = ["Inference-Header-Content-Length: \(count)"] + (form == 6 ? ["Content-Encoding: gzip"] : [])
            return request
        case 4:
            var request = HistoryRequest("POST", "", floats.flatMap { $0 }.withUnsafeBytes { Array($0) })
            request.fields = ["Inference-Header-Content-Length: 0"]
            return request
        default:
            return HistoryRequest("POST", "", json: InferenceClient.json(rows, datatype: form == 1 ? "FP64" : "FP32", members: members))
        }
    }

    private static func check(
        _ reply: Reply, _ model: OracleModel, _ rows: [[Double]], _ form: Int, _ wish: String?, _ details: JSONValue, _ place: String
    ) throws {
        let count = reply.fields["inference-header-content-length"].flatMap { Int($0) } ?? reply.body.count
        let head = try JSONValue(parsing: String(decoding: reply.body[..<count], as: UTF8.self))
        try demand(head["model_version"].string == "\(model.version)", "\(place): the version is \(head["model_version"])")
        let parameters = head["parameters"]
        var expected = try ExpectedScores(
            model, kind: parameters["weights"].string, version: parameters["balanced_version"].int, wish: wish)
        try expected.adjust(balance: parameters["balance"].double, kind: parameters["weights"].string, details: details)
        let outputs = try InferenceOutputs(reply)
        try demand(outputs.rest == 0, "\(place): \(outputs.rest) octets belong to no output")
        if form == 5 { return try checkClassification(outputs, expected, model, rows, place) }
        let labels = (outputs.texts["label"] ?? []).map { LabelBytes($0) }
        let scores = outputs.numbers["score"] ?? []
        let classes = outputs.shapes["score"]?.last ?? -1
        try demand(
            labels.count == rows.count && scores.count == rows.count * classes, "\(place): \(labels.count) labels, \(scores.count) scores")
        try demand(
            classes == expected.labels.count || expected.isOpen, "\(place): scores of \(classes) classes, expected \(expected.labels)")
        for (index, row) in rows.enumerated() {
            let mine = scores[(index * classes)..<((index + 1) * classes)].map { Double($0) }
            guard let column = model.labels.firstIndex(of: labels[index]), column < max(classes, 0) else {
                throw HistoryFailure("\(place), row \(index): \(labels[index]) is no class")
            }
            try expected.check(best: labels[index], score: mine[column], row, "\(place), row \(index)")
            guard expected.isTold else { continue }
            for (score, (label, other)) in zip(mine, zip(expected.labels, expected.scores(row))) {
                try expected.check(score, other, "\(place), row \(index): the score of \(label)")
            }
        }
    }

    /// `value:index:label` for each class.
    private static func checkClassification(
        _ outputs: InferenceOutputs, _ expected: ExpectedScores, _ model: OracleModel, _ rows: [[Double]], _ place: String
    ) throws {
        let texts = outputs.texts["score"] ?? []
        let classes = outputs.shapes["score"]?.last ?? -1
        try demand(texts.count == rows.count * classes && classes > 0, "\(place): \(texts.count) classes of \(rows.count) rows")
        for (index, row) in rows.enumerated() {
            for (place, text) in texts[(index * classes)..<((index + 1) * classes)].enumerated() {
                let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
                guard parts.count == 3, let score = Float(String(parts[0]) ?? ""), let column = Int(String(parts[1]) ?? ""),
                    model.labels.indices.contains(column), Array(parts[2]) == model.labels[column].bytes
                else { throw HistoryFailure("row \(index): the class at place \(place) is \(text)") }
                if place == 0 { try expected.check(best: model.labels[column], score: Double(score), row, "classification, row \(index)") }
            }
        }
    }
}
