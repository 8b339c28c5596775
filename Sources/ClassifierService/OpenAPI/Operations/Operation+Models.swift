internal import HTTPServer

extension Operation {
    static let createModel = Operation(
        .put, "/v1/models/{model}", id: "create_model", tag: .models, summary: "Create a model",
        description: """
            Creates a model from a configuration. Repeating it with the same configuration changes nothing; omitted keys have their \
            defaults.
            """,
        parameters: [.model],
        body: RequestBody(
            description: "The configuration.",
            content: [.json(.configuration, example: #"{"dimension":3,"imbalance":{"kind":"reweight"}}"#)],
            maximumSize: ServiceLimits.configurationBody),
        answers: [
            Answer(.created, "The model was created.", .json(.modelDetails, example: newModel)),
            Answer(.ok, "The model already exists with the same configuration.", .json(.modelDetails)),
        ],
        refusals: [
            .body,
            Refusal(
                .conflict, "The model already exists with a different configuration.",
                detail: """
                    the model "fruit" already exists with a different configuration: {"dimension":4,"feature_map":{"kind":"identity"},\
                    "ridge":0.1,"imbalance":{"kind":"none"},"sketch_rank":0,"balance":0,"intercept":false}
                    """),
            .doesNotFit, .busy, .storage,
        ])

    static let listModels = Operation(
        .get, "/v1/models", id: "list_models", tag: .models, summary: "List all models",
        answers: [
            Answer(
                .ok, "All models, including those that could not be recovered.",
                .json(.models, example: #"{"models":[{"name":"fruit","version":1,"samples":4,"classes":2}]}"#))
        ])

    static let describeModel = Operation(
        .get, "/v1/models/{model}", id: "describe_model", tag: .models, summary: "Describe a model", parameters: [.model],
        answers: [Answer(.ok, "The model's details.", .json(.modelDetails, example: learnedModel))], refusals: [.unknownModel, .busy])

    static let modelHistory = Operation(
        .get, "/v1/models/{model}/history", id: "model_history", tag: .models, summary: "Show a model's accuracy over the stream",
        description: "Returns at most 512 points, of the race 128, however long the stream, and the current values.", parameters: [.model],
        answers: [
            Answer(
                .ok, "The points.",
                .json(.modelHistory, example: #"{"model":"fruit","version":1,"window_capacity":1000,"points":[],"race":[]}"#))
        ], refusals: [.unknownModel, .busy])

    static let ridgeCurve = Operation(
        .get, "/v1/models/{model}/ridge", id: "ridge_curve", tag: .models, summary: "Estimate how well other ridges would predict",
        description: """
            Generalised cross-validation, V(λ) = (RSS/n) / (1 − df/n)², for half decades around the ridge in force, and its minimum. \
            It follows from the sums, for ridge regressions over all rows. It estimates the squared error of the scores, not the accuracy. \
            The first request waits until it is computed, in the background; the answer then serves until the model has grown by a tenth \
            or was changed otherwise.
            """, parameters: [.model],
        answers: [
            Answer(
                .ok, "The curve.",
                .json(
                    .ridgeCurve,
                    example: """
                        {"model":"fruit","version":1,"samples":4,"ridge":0.1,"curve_version":1,"curve_samples":4,"minimum":\
                        {"ridge":0.0402203,"generalized_cross_validation":0.03746634,"degrees_of_freedom":2.1131995,\
                        "residual_sum_of_squares":0.03334519},"curve":[{"ridge":0.1,"generalized_cross_validation":0.04412786,\
                        "degrees_of_freedom":1.9650326,"residual_sum_of_squares":0.04568438}]}
                        """))
        ],
        refusals: [
            .unknownModel, Refusal(.conflict, "The model has learned no rows."),
            Refusal(.unprocessableContent, "The computation does not fit in memory, or the sums are not finite."), .busy,
        ])

    static let changeModel = Operation(
        .patch, "/v1/models/{model}", id: "change_model", tag: .models, summary: "Change a model's settings",
        description: """
            After a change of `ridge` or `imbalance`, the weights are solved again from the sums, as if the model had always been \
            configured so. `balance` changes predictions alone. If nothing changes, the version stays.
            """, parameters: [.model],
        body: RequestBody(
            description: "The values to change: `ridge`, `imbalance`, `balance`, or some of them.",
            content: [.json(.patch, example: #"{"balance":0.5}"#)],
            maximumSize: ServiceLimits.configurationBody),
        answers: [Answer(.ok, "The model's details after the change.", .json(.modelDetails))],
        refusals: [
            .body, .unknownModel, Refusal(.conflict, "`reweight` was requested, but the model keeps no sketches."),
            Refusal(.unprocessableContent, "The change does not fit in memory, or its weights cannot be solved."), .busy, .storage,
        ])

    static let deleteModel = Operation(
        .delete, "/v1/models/{model}", id: "delete_model", tag: .models, summary: "Delete a model", parameters: [.model],
        answers: [Answer(.noContent, "The model was deleted, also from disk.")], refusals: [.unknownModel, .busy, .storage])

    static let rebalance = Operation(
        .post, "/v1/models/{model}/rebalance", id: "rebalance", tag: .models, summary: "Refresh the balanced weights",
        description: "Answers once predictions use the refreshed weights. The request has no content.", parameters: [.model],
        answers: [Answer(.ok, "They are refreshed.", .json(.rebalanced, example: #"{"model":"fruit","version":1,"balanced_version":1}"#))],
        refusals: [
            .unknownModel, Refusal(.conflict, "The model has imbalance `none`, or has learned no rows."),
            Refusal(.unprocessableContent, "The refresh does not fit in memory, or its weights cannot be solved."), .busy,
        ])

    private static let newModel: StaticString = """
        {"name":"fruit","version":0,"samples":0,"classes":0,"config":{"dimension":3,"feature_map":{"kind":"identity"},"ridge":0.1,\
        "imbalance":{"kind":"reweight","power":0.5},"sketch_rank":16,"balance":0,"intercept":false},"ridge":0.1,"ill_conditioned":false,\
        "inexact":false,"condition_estimate":1,"drift":0,"solves":0,"balanced_version":null,"evaluation":{"evaluated_samples":0,\
        "accuracy":null,"balanced_accuracy":null,"window":{"samples":0,"accuracy":null,"balanced_accuracy":null,"capacity":1000},\
        "balance":null,"classes":[],"confusion":[]},"race":[],"calibration":null,"balanced_calibration":null,"log_bytes":null,\
        "checkpoint_version":null,"checkpoint_age_seconds":null,"queue_depth":0,"unseen_rows":0,"last_rebalance":null,\
        "memory_bytes":27536}
        """

    private static let learnedModel: StaticString = """
        {"name":"fruit","version":1,"samples":4,"classes":2,"config":{"dimension":3,"feature_map":{"kind":"identity"},"ridge":0.1,\
        "imbalance":{"kind":"reweight","power":0.5},"sketch_rank":16,"balance":0,"intercept":false},"ridge":0.1,"ill_conditioned":false,\
        "inexact":false,"condition_estimate":28.4,"drift":5.5e-16,"solves":0,"balanced_version":1,"evaluation":{"evaluated_samples":0,\
        "accuracy":null,"balanced_accuracy":null,"window":{"samples":0,"accuracy":null,"balanced_accuracy":null,"capacity":1000},\
        "balance":null,"classes":[{"label":"apple","count":2,"accuracy":null,"window_accuracy":null},{"label":"banana","count":2,\
        "accuracy":null,"window_accuracy":null}],"confusion":[]},"race":[],"calibration":null,"balanced_calibration":null,"log_bytes":null,\
        "checkpoint_version":null,"checkpoint_age_seconds":null,"queue_depth":0,"unseen_rows":0,"last_rebalance":{"version":1,\
        "age_seconds":0.5,"seconds":0.001},"memory_bytes":30288}
        """
}
