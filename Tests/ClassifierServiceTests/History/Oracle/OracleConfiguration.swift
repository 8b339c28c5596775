import TensorFormats

/// A model's configuration, as the histories know it.
struct OracleConfiguration: Equatable, Sendable {
    enum FeatureMap: Equatable, Sendable {
        case identity
        case randomRelu(width: Int, seed: UInt64)
    }

    enum Imbalance: Equatable, Sendable {
        case none
        case pseudoFeatures(noise: Double, cap: Int, seed: UInt64)
        case reweight(power: Double)
        case discriminant(falseShare: Double, seed: UInt64)

        var json: String {
            switch self {
            case .none: #"{"kind":"none"}"#
            case .pseudoFeatures(let noise, let cap, let seed):
                #"{"kind":"pseudo_features","noise":\#(noise),"cap":\#(cap),"seed":\#(seed)}"#
            case .reweight(let power): #"{"kind":"reweight","power":\#(power)}"#
            case .discriminant(let share, let seed): #"{"kind":"discriminant","false_share":\#(share),"seed":\#(seed)}"#
            }
        }
    }

    enum SketchRank: Equatable, Sendable {
        case rows(Int)
        case exact
    }

    var dimension: Int
    var featureMap = FeatureMap.identity
    /// The ridge in force.
    var ridge: Double
    /// What a ridge that chooses itself is chosen by; nil for a fixed one.
    var ridgeMetric: String?
    var imbalance = Imbalance.none
    var sketchRank = SketchRank.rows(0)
    var balance = 0.0

    var width: Int {
        if case .randomRelu(let width, _) = featureMap { return width }
        return dimension
    }

    /// As a model is created: the ridge in force is no part of it if it chooses itself.
    var json: String {
        let ridge = ridgeMetric.map { #""auto","auto_metric":"\#($0)""# } ?? "\(ridge)"
        var text = #"{"dimension":\#(dimension),"ridge":\#(ridge),"imbalance":\#(imbalance.json)"#
        if case .randomRelu(let width, let seed) = featureMap {
            text += #","feature_map":{"kind":"random_relu","width":\#(width),"seed":\#(seed)}"#
        }
        switch sketchRank {
        case .rows(let rank): text += #","sketch_rank":\#(rank)"#
        case .exact: text += #","sketch_rank":"exact""#
        }
        if balance != 0 { text += #","balance":\#(balance)"# }
        return text + "}"
    }

    /// Whether a snapshot of the other model can be merged.
    func canMerge(_ other: OracleConfiguration) -> Bool {
        dimension == other.dimension && featureMap == other.featureMap && sketchRank == other.sketchRank
    }

    /// Whether the service's description matches this configuration.
    func isDescribed(by config: JSONValue) -> Bool {
        guard config["dimension"].int == dimension, config["balance"].double == balance else { return false }
        if let ridgeMetric {
            guard config["ridge"].string == "auto", config["auto_metric"].string == ridgeMetric else { return false }
        } else {
            guard config["ridge"].double == ridge else { return false }
        }
        let map = config["feature_map"]
        switch featureMap {
        case .identity: guard map["kind"].string == "identity" else { return false }
        case .randomRelu(let width, let seed):
            guard map["kind"].string == "random_relu", map["width"].int == width, map["seed"].uint64 == seed else { return false }
        }
        let kind = config["imbalance"]
        switch imbalance {
        case .none: guard kind["kind"].string == "none" else { return false }
        case .pseudoFeatures(let noise, let cap, let seed):
            guard kind["kind"].string == "pseudo_features", kind["noise"].double == noise, kind["cap"].int == cap,
                kind["seed"].uint64 == seed
            else { return false }
        case .discriminant(let share, let seed):
            guard kind["kind"].string == "discriminant", kind["false_share"].double == share, kind["seed"].uint64 == seed else {
                return false
            }
        case .reweight(let power): guard kind["kind"].string == "reweight", kind["power"].double == power else { return false }
        }
        switch sketchRank {
        case .rows(let rank): return config["sketch_rank"].int == rank
        case .exact: return config["sketch_rank"].string == "exact"
        }
    }
}
