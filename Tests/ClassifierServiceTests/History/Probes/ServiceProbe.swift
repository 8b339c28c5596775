import TensorFormats

@testable import ClassifierService

/// The service's descriptions of itself and of all its models.
enum ServiceProbe {
    static let operations = [
        "liveness", "readiness", "inference_liveness", "inference_readiness", "inference_server", "inference_models",
        "all_inference_statistics", "list_models", "metrics", "traffic", "repository_index", "document", "dashboard", "dashboard_file",
    ]

    static func check(_ world: HistoryWorld, _ generator: inout SeededGenerator) throws {
        let names = world.oracle.models.keys.sorted()
        for path in ["/healthz", "/readyz", "/v2/health/live", "/v2/health/ready"] {
            let reply = try world.get(path)
            try demand(reply["live"].bool == true, "\(path) says \(reply.text)")
            try world.head(path, as: 200)
        }
        let listed = try world.get("/v1/models")["models"].array ?? []
        try demand(listed.compactMap { $0["name"].string }.sorted() == names, "the models are \(listed), expected \(names)")
        for entry in listed {
            guard let model = world.oracle.models[entry["name"].string ?? ""] else { continue }
            try demand(
                entry["version"].int == model.version && entry["samples"].int == model.samples
                    && entry["classes"].int == model.classes.count
                    && entry["state"] == .null, "a model is listed as \(entry), expected version \(model.version), \(model.samples) samples"
            )
        }
        let inference = try world.get("/v2/models")["models"].array?.compactMap(\.string).sorted()
        try demand(inference == names, "/v2/models has \(inference ?? []), expected \(names)")
        let counted = try world.get("/v2/models/stats")["model_stats"].array?.compactMap { $0["name"].string }.sorted()
        try demand(counted == names, "/v2/models/stats has \(counted ?? []), expected \(names)")
        for (json, expected) in [("{}", names), (#"{"ready":true}"#, names.filter { !world.oracle.models[$0]!.classes.isEmpty })] {
            let index = try world.send(HistoryRequest("POST", "/v2/repository/index", json: json))
            let told = index.json.array?.compactMap { $0["name"].string }.sorted()
            try demand(index.status == 200 && told == expected, "the index for \(json) has \(told ?? []), expected \(expected)")
        }
        try checkMetrics(try world.get("/metrics").text, world.oracle)
        for name in names {
            let points = try world.get("/v1/traffic?model=\(name)")["points"].array ?? []
            try demand(points.count <= TrafficHistory.capacity + 1, "there are \(points.count) points")
        }
        for path in ["/v1/models", "/v1/traffic", "/v2", "/v2/models", "/v2/models/stats", "/metrics"] { try world.head(path, as: 200) }
        // Queries that do not depend on models are made now and then.
        guard Int.random(in: 0..<12, using: &generator) == 0 else { return }
        for path in ["/v2", "/openapi.json", "/", "/dashboard/main.js"] {
            _ = try world.get(path)
            try world.head(path, as: 200)
        }
    }

    private static func checkMetrics(_ text: String, _ oracle: OracleWorld) throws {
        var values: [Substring: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            if words.count == 2 { values[words[0]] = Double(String(words[1])) }
        }
        for (name, model) in oracle.models {
            for (metric, value) in [
                ("accrue_model_version", model.version), ("accrue_model_samples", model.samples),
                ("accrue_model_classes", model.classes.count),
            ] {
                let told = values["\(metric){model=\"\(name)\"}"]
                try demand(told == Double(value), "\(metric) of \(name) is \(told ?? -1), expected \(value)")
            }
        }
        try demand(values["accrue_models"] == Double(oracle.models.count), "the metrics have \(values["accrue_models"] ?? -1) models")
    }
}
