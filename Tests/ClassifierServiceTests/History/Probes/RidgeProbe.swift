import TensorFormats

/// The curve of ridges, against residuals of the rows themselves.
enum RidgeProbe: ModelProbe {
    static let operations = ["ridge_curve"]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        // The least often that still meets every kind of history: a curve takes D³.
        guard let model = world.oracle.models[name], Int.random(in: 0..<4, using: &generator) == 0 else { return }
        let path = "/v1/models/\(name)/ridge"
        guard model.samples > 0 else {
            try world.get(path, as: 409)
            return
        }
        let curve = try world.get(path)
        try demand(
            curve["version"].int == model.version && curve["samples"].int == model.samples
                && curve["ridge"].double == model.configuration.ridge,
            "the curve is shown for version \(curve["version"]), \(curve["samples"]) samples and ridge \(curve["ridge"])")
        let (version, samples) = (curve["curve_version"].int ?? -1, curve["curve_samples"].int ?? -1)
        try demand(
            (0...model.version).contains(version) && samples <= model.samples,
            "the curve is of version \(version) and \(samples) samples, the model of \(model.version) and \(model.samples)")
        let points = (curve["curve"].array ?? []) + (curve["minimum"] == .null ? [] : [curve["minimum"]])
        guard version == model.version, samples == model.samples, let point = points.randomElement(using: &generator) else { return }
        try check(point, model)
    }

    private static func check(_ point: JSONValue, _ model: OracleModel) throws {
        guard let ridge = point["ridge"].double, let degrees = point["degrees_of_freedom"].double,
            let residual = point["residual_sum_of_squares"].double, let value = point["generalized_cross_validation"].double
        else { throw HistoryFailure("a point of the curve is \(point)") }
        let right = model.classes.map { OracleModel.sum($0.rows, model.width) }
        let solution = OracleSolution(width: model.width, gram: model.gram, ridge: ridge, right: right, residue: model.residue)
        guard solution.isTold, !model.isInexact else { return }
        let rows = Double(model.samples)
        // Eigenvalues are uncertain by rounding of the largest.
        let tolerance = 1e-6 + 1e3 * .ulpOfOne * solution.condition
        let expected = Double(model.width) - ridge * solution.inverseTrace
        try demand(
            abs(degrees - expected) <= tolerance * Double(model.width), "\(degrees) degrees of freedom for \(ridge), expected \(expected)")
        var sum = 0.0
        for (column, own) in model.classes.enumerated() {
            for row in own.rows {
                for (index, weights) in solution.weights.enumerated() {
                    let error = (index == column ? 1 : 0) - OracleModel.dot(weights, row.h)
                    sum += error * error
                }
            }
        }
        for h in model.orphans {
            for weights in solution.weights { sum += OracleModel.dot(weights, h) * OracleModel.dot(weights, h) }
        }
        try demand(abs(residual - sum) <= tolerance * (rows + sum), "a residual of \(residual) for \(ridge), expected \(sum)")
        let freedom = 1 - degrees / rows
        let quotient = residual / rows / (freedom * freedom)
        try demand(abs(value - quotient) <= 1e-6 * quotient + 1e-300, "\(value) for \(ridge), expected \(quotient)")
    }
}
