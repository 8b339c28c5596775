internal import TensorFormats

/// The names of examples where there are two: of a model that has learned four rows, as in all others, and of one that has learned enough
/// for probabilities, sets and rejection.
enum CalibratedExample {
    /// What OpenAPI calls `example`, or `examples` if there are two (OpenAPI 3.1, section 4.8.19).
    static func add(_ example: JSONValue?, calibrated: JSONValue?, to object: inout JSONObject) {
        guard let calibrated else {
            if let example { object["example"] = example }
            return
        }
        var examples: JSONObject = [:]
        if let example {
            examples["four_rows"] = .object(["summary": .string("A model that has learned four rows"), "value": example])
        }
        examples["calibrated"] = .object(["summary": .string("A model that has learned 1,204 rows"), "value": calibrated])
        object["examples"] = .object(examples)
    }
}
