internal import AnalyticLearning
internal import HTTPServer

/// The metrics of the models, each with a label `model`.
struct ModelMetrics {
    let models: [ModelReading]

    /// Writes all of them.
    func write(to text: inout MetricsText) {
        writeState(to: &text)
        writeLearning(to: &text)
        writeAccuracy(to: &text)
        CalibrationMetrics(models: models).write(to: &text)
        writeHealth(to: &text)
        writeBalancing(to: &text)
        writeFiles(to: &text)
    }

    private func writeState(to text: inout MetricsText) {
        text.family("accrue_models", .gauge, "Models that the server has.")
        text.sample(models.count)
        text.family("accrue_model_state", .gauge, "1 for the state that a model is in; one that is stopped learns no more.")
        for model in models {
            let current = model.condition.name
            for state in ["ready", "recovering", "lost", "stopped"] { text.sample([model.label, ("state", state)], state == current) }
        }
        each(&text, "accrue_model_version", "Changes of a model so far.") { ($0.weights?.version).map(Double.init) }
        each(&text, "accrue_model_samples", "Rows that a model has learned and not unlearned.") { ($0.weights?.samples).map(Double.init) }
        each(&text, "accrue_model_classes", "Classes that a model knows.") { ($0.weights?.classCount).map(Double.init) }
        each(&text, "accrue_model_memory_bytes", "Memory that a model takes, as it is counted against the limit.") { model in
            model.weights.flatMap { $0.configuration.estimatedBytes(classes: $0.classCount) }.map(Double.init)
        }
        each(&text, "accrue_model_queue_requests", "Requests that wait for a model's worker.") { Double($0.queuedRequests) }
        each(&text, "accrue_model_queue_bytes", "Bytes of rows that wait for a model's worker.") { Double($0.queuedBytes) }
    }

    private func writeLearning(to text: inout MetricsText) {
        count(&text, "accrue_model_learn_requests_total", "Requests that were learned; of a streamed one each block.") {
            $0.activity.learnRequests
        }
        count(&text, "accrue_model_learned_rows_total", "Rows that were learned since the server started.") { $0.activity.learnedRows }
        count(&text, "accrue_model_unlearned_rows_total", "Rows that were unlearned since the server started.") {
            $0.activity.unlearnedRows
        }
    }

    private func writeAccuracy(to text: inout MetricsText) {
        scopes(&text, "accrue_model_evaluated_samples", "Rows that were predicted before they were learned.") { Double($0.evaluated) }
        scopes(&text, "accrue_model_accuracy_ratio", "The share of those rows that was predicted right.", \.accuracy)
        scopes(&text, "accrue_model_balanced_accuracy_ratio", "The mean of that share over the classes.", \.balancedAccuracy)
    }

    private func writeHealth(to text: inout MetricsText) {
        each(&text, "accrue_model_drift_ratio", "How far the weights' recursion has drifted from the sums, relative.") {
            $0.weights?.health.drift
        }
        count(&text, "accrue_model_solves_total", "How often the weights were solved anew from the sums.") { $0.weights?.health.solves }
        count(&text, "accrue_model_drift_heals_total", "How often they were, because of their drift.") { $0.weights?.health.heals }
        each(&text, "accrue_model_ill_conditioned", "1 where so few digits of the weights are certain that the user must know.") {
            ($0.weights?.health.isIllConditioned).map { $0 ? 1 : 0 }
        }
        each(&text, "accrue_model_condition_estimate", "An estimate of the condition number of the regularised Gram matrix.") {
            $0.weights?.health.conditionEstimate
        }
    }

    private func writeBalancing(to text: inout MetricsText) {
        each(&text, "accrue_model_balanced_version", "The version that the balanced weights were made from.") {
            ($0.weights?.balancedVersion).map(Double.init)
        }
        count(&text, "accrue_model_rebalances_total", "Refreshes of balanced weights that were published.") { $0.activity.rebalances }
        count(&text, "accrue_model_rebalance_failures_total", "Refreshes of balanced weights that failed.") {
            $0.activity.rebalanceFailures
        }
        text.family("accrue_model_rebalance_seconds_total", .counter, "Seconds that refreshes of balanced weights took.")
        for model in models { text.sample([model.label], model.activity.rebalanceSeconds) }
        each(&text, "accrue_model_rebalance_timestamp_seconds", "When balanced weights were last published, in seconds since 1970.") {
            $0.activity.lastRebalance?.time
        }
        each(&text, "accrue_model_rebalance_duration_seconds", "Seconds that the last refresh of balanced weights took.") {
            $0.activity.lastRebalance?.seconds
        }
    }

    private func writeFiles(to text: inout MetricsText) {
        each(&text, "accrue_model_log_bytes", "Bytes of learned rows that are in logs and in no checkpoint.") {
            ($0.activity.files?.logBytes).map(Double.init)
        }
        text.family(
            "accrue_model_log_append_duration_seconds", .histogram, "How long a block of rows took to the log and to the device.")
        for model in models {
            if let files = model.activity.files { text.histogram([model.label], files.appends) }
        }
        each(&text, "accrue_model_checkpoint_version", "The version that the newest checkpoint holds.") {
            ($0.activity.files?.checkpoint.version).map(Double.init)
        }
        each(&text, "accrue_model_checkpoint_timestamp_seconds", "When the newest checkpoint was made, in seconds since 1970.") {
            $0.activity.files?.checkpoint.time
        }
        each(&text, "accrue_model_checkpoint_duration_seconds", "Seconds that the newest checkpoint took.") {
            $0.activity.files?.checkpoint.seconds
        }
        each(&text, "accrue_model_checkpoint_bytes", "What the newest checkpoint has.") {
            ($0.activity.files?.checkpoint.bytes).map(Double.init)
        }
        count(&text, "accrue_model_checkpoints_total", "Checkpoints that were made since the server started.") {
            $0.activity.files?.checkpoints
        }
        count(&text, "accrue_model_checkpoint_failures_total", "Checkpoints that failed.") { $0.activity.files?.checkpointFailures }
    }

    // MARK: Shapes

    private func each(_ text: inout MetricsText, _ name: StaticString, _ help: StaticString, _ value: (ModelReading) -> Double?) {
        text.family(name, .gauge, help)
        for model in models { text.sample([model.label], value(model)) }
    }

    private func count(_ text: inout MetricsText, _ name: StaticString, _ help: StaticString, _ value: (ModelReading) -> Int?) {
        text.family(name, .counter, help)
        for model in models {
            if let value = value(model) { text.sample([model.label], value) }
        }
    }

    private func scopes(
        _ text: inout MetricsText, _ name: StaticString, _ help: StaticString, _ value: (ProgressiveEvaluation.Measures) -> Double?
    ) {
        text.family(name, .gauge, help)
        for model in models {
            text.sample([model.label, ("scope", "stream")], model.overall.flatMap(value))
            text.sample([model.label, ("scope", "window")], model.recent.flatMap(value))
        }
    }
}
