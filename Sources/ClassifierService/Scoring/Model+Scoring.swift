internal import AnalyticLearning
internal import HTTPServer

extension Model {
    /// What predictions are made with, by one class at least.
    ///
    /// - Throws: 503 where there is nothing yet, 409 where no class is known.
    func scoringWeights() throws(Problem) -> PublishedWeights {
        let weights = try weights()
        _ = try weights.requireScorer(nil, of: name)
        return weights
    }
}

extension PublishedWeights {
    /// What scores rows.
    ///
    /// - Parameters:
    ///   - wish: which weights are asked for; nil for the model's default.
    ///   - model: the model's name.
    /// - Throws: 409 where no class is known.
    func requireScorer(_ wish: WeightsKind?, of model: String) throws(Problem) -> Scorer {
        guard let scorer = scorer(wish) else {
            throw Problem(.conflict, "the model \"\(model)\" has no classes yet: it has learned no rows")
        }
        return scorer
    }
}
