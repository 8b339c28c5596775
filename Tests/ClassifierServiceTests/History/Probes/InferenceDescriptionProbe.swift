import TensorFormats

/// The Open Inference Protocol's description of a model, with and without a version.
enum InferenceDescriptionProbe: ModelProbe {
    static let operations = [
        "inference_model", "inference_model_readiness", "inference_configuration", "inference_statistics", "inference_model_of_version",
        "inference_model_readiness_of_version", "inference_configuration_of_version", "inference_statistics_of_version", "repository_load",
    ]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard let model = world.oracle.models[name] else { return }
        for base in ["/v2/models/\(name)", "/v2/models/\(name)/versions/\(model.version)"] {
            let described = try world.get(base)
            try demand(
                described["versions"].array?.compactMap(\.string) == ["\(model.version)"],
                "the versions are \(described["versions"]), expected \(model.version)")
            for output in described["outputs"].array ?? [] where output["name"].string != "label" && output["name"].string != "novelty" {
                let text = output["parameters"]["labels"].string ?? ""
                let labels = ((try? JSONValue(parsing: text))?.array ?? []).compactMap { $0.string.map { LabelBytes($0) } }
                try demand(labels == model.labels, "the labels of \(output["name"]) are \(labels), expected \(model.labels)")
            }
            let ready = try world.send(HistoryRequest("GET", base + "/ready"))
            let status = model.classes.isEmpty ? 409 : 200
            try demand(
                ready.status == status && ready["ready"].bool == (status == 200),
                "readiness is \(ready.status) \(ready.text), expected \(status)")
            _ = try world.get(base + "/config")
            let statistics = try world.get(base + "/stats")
            try demand(
                statistics["model_stats"][0]["name"].string == name && statistics["model_stats"].array?.count == 1,
                "the statistics are \(statistics.text.prefix(300))")
            for suffix in ["", "/config", "/stats"] { try world.head(base + suffix, as: 200) }
            try world.head(base + "/ready", as: status)
        }
        for suffix in ["", "/ready", "/config", "/stats"] {
            try world.head("/v2/models/\(name)/versions/\(model.version + 1)\(suffix)", as: 404)
        }
        let loaded = try world.send(HistoryRequest("POST", "/v2/repository/models/\(name)/load", json: "{}"))
        try demand(loaded.status == 200, "a load is answered with \(loaded.status)")
    }
}
