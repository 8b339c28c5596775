internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost

/// The metrics of the models, each with a label `model`.
struct ModelMetrics {
    let models: [ModelReading]

    /// Writes all of them.
    func write(to text: inout MetricsText) {
        writeState(to: &text)
        writeLearning(to: &text)
        writeAccuracy(to: &text)
        count(&text, "accrue_model_rejected_rows_total", "Rows that predictions with reject left without a label.", \.rejectedRows)
        CalibrationMetrics(models: models).write(to: &text)
        RaceMetrics(models: models).write(to: &text)
        writeHealth(to: &text)
        writeBalancing(to: &text)
        writeFiles(to: &text)
    }

    private func writeState(to text: inout MetricsText) {
        text.family("accrue_models", .gauge, "Number of models.")
        text.sample(models.count)
        text.family("accrue_model_state", .gauge, "1 for the current state of the model; a stopped model no longer learns.")
        for model in models {
            let current = model.condition.name
            for state in ["ready", "recovering", "lost", "stopped"] { text.sample([model.label, ("state", state)], state == current) }
        }
        each(&text, "accrue_model_version", "Number of changes to the model so far.") { ($0.weights?.version).map(Double.init) }
        each(&text, "accrue_model_samples", "Rows learned and not unlearned.") { ($0.weights?.samples).map(Double.init) }
        each(&text, "accrue_model_classes", "Classes of the model.") { ($0.weights?.classCount).map(Double.init) }
        each(&text, "accrue_model_memory_bytes", "Memory that the model holds now; less while it rests.") { model in
            model.weights.map { _ in Double(model.heldBytes) }
        }
        each(&text, "accrue_model_queue_requests", "Requests waiting for the model's worker.") { Double($0.queuedRequests) }
        each(&text, "accrue_model_queue_bytes", "Bytes held by requests waiting for the model's worker.") { Double($0.queuedBytes) }
    }

    private func writeLearning(to text: inout MetricsText) {
        count(&text, "accrue_model_learn_requests_total", "Learned requests; each block of a streamed request counts.") {
            $0.activity.learnRequests
        }
        count(&text, "accrue_model_learned_rows_total", "Rows learned since the server started.") { $0.activity.learnedRows }
        each(&text, "accrue_model_unseen_rows", "Learned rows that predictions do not use yet.") { Double($0.activity.unseenRows) }
        count(&text, "accrue_model_unlearned_rows_total", "Rows unlearned since the server started.") {
            $0.activity.unlearnedRows
        }
    }

    private func writeAccuracy(to text: inout MetricsText) {
        scopes(&text, "accrue_model_evaluated_samples", "Rows predicted, as by default, before they were learned.") { Double($0.evaluated) }
        scopes(&text, "accrue_model_accuracy_ratio", "Share of the evaluated rows that were predicted right.", \.accuracy)
        scopes(&text, "accrue_model_balanced_accuracy_ratio", "Mean accuracy over the classes.", \.balancedAccuracy)
    }

    private func writeHealth(to text: inout MetricsText) {
        each(&text, "accrue_model_ridge", "The ridge in force.") { ($0.weights?.configuration.ridge) }
        count(&text, "accrue_model_ridge_moves_total", "Times that a ridge which chooses itself has moved.") { $0.activity.ridgeMoves }
        each(&text, "accrue_model_drift_ratio", "Relative drift of the recursively updated weights from the sums.") {
            $0.weights?.health?.drift
        }
        count(&text, "accrue_model_solves_total", "Times the weights were solved again from the sums.") { $0.weights?.health?.solves }
        count(&text, "accrue_model_drift_heals_total", "Times the weights were solved again because of drift.") {
            $0.weights?.health?.heals
        }
        each(&text, "accrue_model_ill_conditioned", "1 if too few digits of the weights are certain.") {
            ($0.weights?.health?.isIllConditioned).map { $0 ? 1 : 0 }
        }
        each(&text, "accrue_model_inexact", "1 if the sums have lost digits to rows since removed, so that scores may be off.") {
            ($0.weights?.sumError?.isInexact).map { $0 ? 1 : 0 }
        }
        each(&text, "accrue_model_relative_error_bound", "Upper bound of the relative error of scores from rounding in the sums.") {
            $0.weights?.sumError?.relative
        }
        each(&text, "accrue_model_condition_estimate", "Estimated condition number of the regularised Gram matrix.") {
            $0.weights?.health?.conditionEstimate
        }
    }

    private func writeBalancing(to text: inout MetricsText) {
        each(&text, "accrue_model_balanced_version", "Version from which the balanced weights were computed.") {
            ($0.weights?.balancedVersion).map(Double.init)
        }
        count(&text, "accrue_model_rebalances_total", "Published refreshes of the balanced weights.") { $0.activity.rebalances }
        count(&text, "accrue_model_rebalance_failures_total", "Failed refreshes of the balanced weights.") {
            $0.activity.rebalanceFailures
        }
        text.family("accrue_model_rebalance_seconds_total", .counter, "Total time of refreshes of the balanced weights in seconds.")
        for model in models { text.sample([model.label], model.activity.rebalanceSeconds) }
        each(&text, "accrue_model_rebalance_timestamp_seconds", "Last refresh of the balanced weights, in seconds since 1970.") {
            $0.activity.lastRebalance?.time
        }
        each(&text, "accrue_model_rebalance_duration_seconds", "Duration of the last refresh of the balanced weights in seconds.") {
            $0.activity.lastRebalance?.seconds
        }
    }

    private func writeFiles(to text: inout MetricsText) {
        each(&text, "accrue_model_log_bytes", "Bytes of learned rows in the log that are not in a checkpoint yet.") {
            ($0.files?.logBytes).map(Double.init)
        }
        text.family(
            "accrue_model_log_append_duration_seconds", .histogram, "Time to write a block of rows to the log and sync it to the device.")
        for model in models {
            if let files = model.files { text.histogram([model.label], files.appends) }
        }
        each(&text, "accrue_model_checkpoint_version", "Version of the newest checkpoint.") {
            ($0.files?.checkpoint.version).map(Double.init)
        }
        each(&text, "accrue_model_checkpoint_timestamp_seconds", "Time of the newest checkpoint, in seconds since 1970.") {
            $0.files?.checkpoint.time
        }
        each(&text, "accrue_model_checkpoint_duration_seconds", "Duration of the newest checkpoint in seconds.") {
            $0.files?.checkpoint.seconds
        }
        each(&text, "accrue_model_checkpoint_bytes", "Size of the newest checkpoint in bytes.") {
            ($0.files?.checkpoint.bytes).map(Double.init)
        }
        count(&text, "accrue_model_checkpoints_total", "Checkpoints written since the server started.") {
            $0.files?.checkpoints
        }
        count(&text, "accrue_model_checkpoint_failures_total", "Failed checkpoints.") { $0.files?.checkpointFailures }
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
