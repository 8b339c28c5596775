package import AnalyticLearning
package import TensorFormats

/// A model's configuration as JSON. An omitted key takes its default; unknown keys are refused.
package enum ConfigurationJSON {
    /// Decodes and validates a configuration.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    package static func decode(_ value: JSONValue) throws(ConfigurationError) -> ModelConfiguration {
        let object = try Object(
            value, "", keys: ["dimension", "feature_map", "ridge", "auto_metric", "imbalance", "sketch_rank", "balance", "intercept"],
            example: #"{"dimension": 384}"#)
        guard object["dimension"] != nil else {
            throw ConfigurationError(field: "dimension", message: "is required: the length of a feature vector")
        }
        let imbalance = try object["imbalance"].map(imbalance) ?? .none
        let (ridge, choice) = try ridge(object)
        let configuration = ModelConfiguration(
            dimension: try object.integer("dimension", default: 0), featureMap: try object["feature_map"].map(featureMap) ?? .identity,
            ridge: ridge ?? ModelConfiguration.firstRidge, imbalance: imbalance, sketchRank: try object["sketch_rank"].map(sketchRank),
            balance: try object.number("balance", default: 0), ridgeChoice: choice ?? .fixed,
            intercept: try object.flag("intercept"))
        try configuration.validate()
        return configuration
    }

    /// Decodes `{"ridge":…,"imbalance":{…},"balance":…}`; at least one of them is required.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    package static func decodePatch(_ value: JSONValue) throws(ConfigurationError) -> ModelPatch {
        let keys = ["ridge", "auto_metric", "imbalance", "balance"]
        let object = try Object(value, "", keys: keys, example: #"{"ridge": 1}"#)
        guard keys.contains(where: { object[$0] != nil }) else {
            throw ConfigurationError(field: "the body", message: "must have ridge, imbalance or balance")
        }
        var patch = ModelPatch()
        (patch.ridge, patch.ridgeChoice) = try ridge(object)
        if let ridge = patch.ridge, !(ridge.isFinite && ridge > 0) {
            throw ConfigurationError(field: "ridge", message: "must be a finite number greater than 0, not \(ridge)")
        }
        patch.imbalance = try object["imbalance"].map(imbalance)
        if object["balance"] != nil {
            let balance = try object.number("balance", default: 0)
            guard balance >= 0, balance <= 1 else {
                throw ConfigurationError(field: "balance", message: "must be a number from 0 to 1, not \(balance)")
            }
            patch.balance = balance
        }
        return patch
    }

    /// Writes a patch of settings that a record can have, so that `decodePatch` reads it: not of the ridge's choice.
    static func encode(_ patch: ModelPatch) -> JSONValue {
        var object = JSONObject()
        object["ridge"] = patch.ridge.map(JSONValue.number)
        object["imbalance"] = patch.imbalance.map(encode)
        object["balance"] = patch.balance.map(JSONValue.number)
        return .object(object)
    }

    /// The ridge and how it is chosen: nil for each that the object leaves as it is.
    private static func ridge(_ object: Object) throws(ConfigurationError) -> (ridge: Double?, choice: RidgeChoice?) {
        guard let value = object["ridge"] else {
            try requireNoMetric(object)
            return (nil, nil)
        }
        guard let text = value.string else {
            try requireNoMetric(object)
            guard let number = value.double else {
                throw ConfigurationError(field: "ridge", message: "must be a number, or \"auto\", not \(value)")
            }
            return (number, .fixed)
        }
        guard text == "auto" else {
            throw ConfigurationError(field: "ridge", message: "must be a number, or \"auto\", not \(value)")
        }
        guard let name = object["auto_metric"] else { return (nil, .automatic(.accuracy)) }
        guard let metric = name.string.flatMap(RidgeMetric.init(rawValue:)) else {
            throw ConfigurationError(field: "auto_metric", message: "must be accuracy or balanced_accuracy, not \(name)")
        }
        return (nil, .automatic(metric))
    }

    private static func requireNoMetric(_ object: Object) throws(ConfigurationError) {
        guard object["auto_metric"] == nil else {
            throw ConfigurationError(field: "auto_metric", message: "is a key of ridge \"auto\"")
        }
    }

    private static func featureMap(_ value: JSONValue) throws(ConfigurationError) -> FeatureMapKind {
        let example = value.string == "identity" ? #"{"kind": "identity"}"# : #"{"kind": "random_relu", "width": 2048}"#
        let keys = ["kind", "width", "seed", "activation", "scale", "distribution", "include_input"]
        let object = try Object(value, "feature_map", keys: keys, example: example)
        let kind = try object.kind(among: ["identity", "random_relu", "random"])
        if kind == "identity" {
            try object.allow(["kind"], for: kind)
            return .identity
        }
        if kind == "random_relu" { try object.allow(["kind", "width", "seed"], for: kind) }
        guard object["width"] != nil else {
            throw ConfigurationError(field: "feature_map.width", message: "is required if kind is \(kind)")
        }
        let (width, seed) = (try object.integer("width", default: 0), try object.seed())
        guard kind == "random" else { return .randomRelu(width: width, seed: seed) }
        guard let activation = try object.choice("activation", of: RandomFeatures.Activation.self) else {
            throw ConfigurationError(field: "feature_map.activation", message: "is required if kind is random: relu, gelu or cos")
        }
        return .random(
            RandomFeatures(
                activation, width: width, seed: seed, scale: try object.scale(),
                distribution: try object.choice("distribution", of: RandomFeatures.Distribution.self),
                includesInput: try object.flag("include_input")))
    }

    static func imbalance(_ value: JSONValue) throws(ConfigurationError) -> Imbalance {
        // A client that sends only the kind gets an example of that kind.
        let kinds = ["none", "discriminant", "pseudo_features", "reweight"]
        let kind = value.string.flatMap { kinds.contains($0) ? $0 : nil } ?? "pseudo_features"
        let keys = ["kind", "false_share", "noise", "cap", "seed", "power"]
        let object = try Object(value, "imbalance", keys: keys, example: #"{"kind": "\#(kind)"}"#)
        switch try object.kind(among: kinds) {
        case "none":
            try object.allow(["kind"], for: "none")
            return .none
        case "discriminant":
            try object.allow(["kind", "false_share", "seed"], for: "discriminant")
            return .discriminant(falseShare: try object.number("false_share", default: 0.02), seed: try object.seed())
        case "reweight":
            try object.allow(["kind", "power"], for: "reweight")
            return .reweight(power: try object.number("power", default: 0.5))
        default:
            try object.allow(["kind", "noise", "cap", "seed"], for: "pseudo_features")
            return .pseudoFeatures(
                noise: try object.number("noise", default: 1), cap: try object.integer("cap", default: 128), seed: try object.seed())
        }
    }

    private static func sketchRank(_ value: JSONValue) throws(ConfigurationError) -> SketchRank {
        if value.string == "exact" { return .exact }
        guard let rank = value.int else {
            throw ConfigurationError(field: "sketch_rank", message: "must be an integer or \"exact\"")
        }
        return .rows(rank)
    }

    /// The configuration with every key written out. Of a ridge that chooses itself, the one in force is not part of it.
    package static func encode(_ configuration: ModelConfiguration) -> JSONValue {
        let map: JSONValue =
            switch configuration.featureMap {
            case .identity: .object(["kind": .string("identity")])
            case .randomRelu(let width, let seed):
                .object(["kind": .string("random_relu"), "width": .integer(width), "seed": .unsigned(seed)])
            case .random(let features): encode(features)
            }
        let rank: JSONValue =
            switch configuration.sketchRank {
            case .rows(let rank): .integer(rank)
            case .exact: .string("exact")
            }
        var object: JSONObject = ["dimension": .integer(configuration.dimension), "feature_map": map]
        switch configuration.ridgeChoice {
        case .fixed: object["ridge"] = .number(configuration.ridge)
        case .automatic(let metric):
            object["ridge"] = .string("auto")
            object["auto_metric"] = .string(metric.rawValue)
        }
        object["imbalance"] = encode(configuration.imbalance)
        object["sketch_rank"] = rank
        object["balance"] = .number(configuration.balance)
        object["intercept"] = .bool(configuration.intercept)
        return .object(object)
    }

    private static func encode(_ features: RandomFeatures) -> JSONValue {
        let scale: JSONValue =
            switch features.scale {
            case .fixed(let number): .number(number)
            case .automatic: .string("auto")
            }
        return .object([
            "kind": .string("random"), "activation": .string(features.activation.rawValue), "width": .integer(features.width),
            "seed": .unsigned(features.seed), "scale": scale, "distribution": .string(features.distribution.rawValue),
            "include_input": .bool(features.includesInput),
        ])
    }

    /// The balance settings with every key written out.
    static func encode(_ imbalance: Imbalance) -> JSONValue {
        switch imbalance {
        case .none: .object(["kind": .string("none")])
        case .pseudoFeatures(let noise, let cap, let seed):
            .object(["kind": .string("pseudo_features"), "noise": .number(noise), "cap": .integer(cap), "seed": .unsigned(seed)])
        case .reweight(let power): .object(["kind": .string("reweight"), "power": .number(power)])
        case .discriminant(let falseShare, let seed):
            .object(["kind": .string("discriminant"), "false_share": .number(falseShare), "seed": .unsigned(seed)])
        }
    }

    /// An object whose keys are known, with readers that name the key in their errors.
    private struct Object {
        let path: String
        let object: JSONObject

        /// - Parameter example: a valid object, shown if the value is something else.
        init(_ value: JSONValue, _ path: String, keys: [String], example: String) throws(ConfigurationError) {
            guard let object = value.object else {
                throw ConfigurationError(
                    field: path.isEmpty ? "the body" : path, message: "must be an object, not \(value.kind); for example \(example)")
            }
            self.path = path
            self.object = object
            for entry in object.entries where !keys.contains(entry.key) {
                throw ConfigurationError(
                    field: field(entry.key), message: "is not a known key; known keys are \(keys.joined(separator: ", "))")
            }
        }

        subscript(key: String) -> JSONValue? { object[key] }

        func field(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

        func allow(_ keys: [String], for kind: String) throws(ConfigurationError) {
            for entry in object.entries where !keys.contains(entry.key) {
                throw ConfigurationError(field: field(entry.key), message: "is not a key of kind \(kind)")
            }
        }

        func kind(among kinds: [String]) throws(ConfigurationError) -> String {
            guard let kind = object["kind"]?.string, kinds.contains(kind) else {
                throw ConfigurationError(field: field("kind"), message: "must be one of \(kinds.joined(separator: ", "))")
            }
            return kind
        }

        func integer(_ key: String, default fallback: Int) throws(ConfigurationError) -> Int {
            guard let value = object[key] else { return fallback }
            guard let integer = value.int else {
                throw ConfigurationError(field: field(key), message: "must be an integer, not \(value)")
            }
            return integer
        }

        func number(_ key: String, default fallback: Double) throws(ConfigurationError) -> Double {
            guard let value = object[key] else { return fallback }
            guard let number = value.double else {
                throw ConfigurationError(field: field(key), message: "must be a number, not \(value)")
            }
            return number
        }

        /// One of the values of an enumeration; nil if the key is omitted.
        func choice<Choice: CaseIterable & RawRepresentable<String>>(
            _ key: String, of choices: Choice.Type
        ) throws(ConfigurationError) -> Choice? {
            guard let value = object[key] else { return nil }
            guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
                let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationError(field: field(key), message: "must be one of \(names), not \(value)")
            }
            return choice
        }

        func flag(_ key: String) throws(ConfigurationError) -> Bool {
            guard let value = object[key] else { return false }
            guard let flag = value.bool else {
                throw ConfigurationError(field: field(key), message: "must be true or false, not \(value)")
            }
            return flag
        }

        func scale() throws(ConfigurationError) -> RandomFeatures.Scale {
            guard let value = object["scale"] else { return .fixed(1) }
            if value.string == "auto" { return .automatic }
            guard let number = value.double else {
                throw ConfigurationError(field: field("scale"), message: "must be a number, or \"auto\", not \(value)")
            }
            return .fixed(number)
        }

        func seed() throws(ConfigurationError) -> UInt64 {
            guard let value = object["seed"] else { return 0 }
            guard let seed = value.uint64 else {
                throw ConfigurationError(field: field("seed"), message: "must be an integer from 0 to 18446744073709551615, not \(value)")
            }
            return seed
        }
    }
}
