import CommandSupport
import Foundation
import TensorFormats

/// The configuration of a model that a command creates, from its options.
struct ModelSettings {
    /// In the service's form, possibly without `dimension`; nil if no option configures a model.
    private(set) var configuration: JSONObject?

    /// - Parameter option: the name of the option for the whole configuration.
    static func options(_ option: String, _ help: String) -> [Option] { [Option(option, "JSON|FILE", help)] + parts }

    private static let parts = [
        Option("--dimension", "D", "the length of a row"),
        Option("--width", "N", "first map rows to N numbers at random, by --activation"),
        Option("--seed", "N", "with --width: the seed (0)"),
        Option("--activation", "random_relu|relu|gelu|cos", "with --width: the feature map (random_relu)"),
        Option("--scale", "X|auto", "with --activation relu, gelu or cos: the scale (1); cos: auto takes it from the first rows"),
        Option("--distribution", "uniform|normal", "with --activation relu or gelu: what is drawn (uniform)"),
        Option("--include-input", nil, "with --activation relu, gelu or cos: keep the row itself too"),
        Option("--ridge", "X|auto", "regularisation, above 0 (0.1); auto lets rows choose it"),
        Option("--imbalance", "none|discriminant|pseudo_features|reweight", "how rare classes are treated (none)"),
        Option("--balance", "X", "how far predictions even out the classes' shares, 0 to 1 (0)"),
        Option("--intercept", nil, "give each class an intercept that is not penalised"),
    ]

    /// - Throws: `UsageError`.
    init(_ arguments: ParsedArguments, _ option: String) throws {
        var object = try arguments.text(option).map { try Self.read($0, option) }
        func set(_ key: String, _ value: JSONValue) throws {
            guard object?[key] == nil else { throw UsageError("\(option) already has \"\(key)\"") }
            object = object ?? JSONObject()
            object?[key] = value
        }
        if let dimension = try arguments.integer("--dimension", in: 1...(1 << 24)) { try set("dimension", .integer(dimension)) }
        if let map = try Self.featureMap(arguments) { try set("feature_map", .object(map)) }
        if let text = arguments.text("--ridge"), text == "auto" {
            try set("ridge", .string(text))
        } else if let text = arguments.text("--ridge") {
            guard let ridge = Double(text), ridge.isFinite, ridge > 0 else {
                throw UsageError("--ridge must be a number above 0, or auto, not \(text)")
            }
            try set("ridge", .number(ridge))
        }
        if let kind = arguments.text("--imbalance") {
            guard ["none", "discriminant", "pseudo_features", "reweight"].contains(kind) else {
                throw UsageError("--imbalance must be none, discriminant, pseudo_features or reweight, not \(kind)")
            }
            try set("imbalance", .object(["kind": .string(kind)]))
        }
        if let balance = try arguments.share("--balance") { try set("balance", .number(balance)) }
        if arguments.has("--intercept") { try set("intercept", .bool(true)) }
        configuration = object
    }

    private static func featureMap(_ arguments: ParsedArguments) throws -> JSONObject? {
        let seed = try arguments.integer("--seed", in: 0...(.max))
        let activation = arguments.text("--activation") ?? "random_relu"
        let (scale, distribution) = (arguments.text("--scale"), arguments.text("--distribution"))
        guard let width = try arguments.integer("--width", in: 1...(1 << 24)) else {
            for option in ["--seed", "--activation", "--scale", "--distribution"] where arguments.text(option) != nil {
                throw UsageError("\(option) is for a feature map: give --width too")
            }
            if arguments.has("--include-input") { throw UsageError("--include-input is for a feature map: give --width too") }
            return nil
        }
        guard ["random_relu", "relu", "gelu", "cos"].contains(activation) else {
            throw UsageError("--activation must be random_relu, relu, gelu or cos, not \(activation)")
        }
        var map: JSONObject = ["kind": .string("random_relu"), "width": .integer(width)]
        if activation != "random_relu" {
            map = ["kind": .string("random"), "activation": .string(activation), "width": .integer(width)]
        } else if scale != nil || distribution != nil || arguments.has("--include-input") {
            throw UsageError("--scale, --distribution and --include-input are for --activation relu, gelu or cos")
        }
        if let seed { map["seed"] = .integer(seed) }
        if scale == "auto" {
            map["scale"] = .string("auto")
        } else if let scale {
            guard let number = Double(scale), number.isFinite, number > 0 else {
                throw UsageError("--scale must be a number above 0, or auto, not \(scale)")
            }
            map["scale"] = .number(number)
        }
        if let distribution { map["distribution"] = .string(distribution) }
        if arguments.has("--include-input") { map["include_input"] = .bool(true) }
        return map
    }

    /// The configuration, with the rows' dimension unless it has its own.
    func completed(dimension: Int?) throws -> JSONObject {
        var object = configuration ?? JSONObject()
        guard object["dimension"] == nil else { return object }
        guard let dimension else { throw UsageError("--dimension is missing: the length of a row") }
        var whole: JSONObject = ["dimension": .integer(dimension)]
        for entry in object.entries { whole[entry.key] = entry.value }
        object = whole
        return object
    }

    private static func read(_ text: String, _ option: String) throws -> JSONObject {
        let isJSON = text.drop { $0 == " " || $0 == "\u{FEFF}" }.hasPrefix("{")
        guard let data = isJSON ? Data(text.utf8) : FileManager.default.contents(atPath: text) else {
            throw UsageError("\(option) is neither a JSON object nor a readable file: \(text)")
        }
        do {
            guard let object = try data.withUnsafeBytes({ try JSONValue(parsing: $0) }).object else {
                throw UsageError("\(option) must be a JSON object")
            }
            return object
        } catch let error as JSONError { throw UsageError("\(option): \(error)") }
    }
}
