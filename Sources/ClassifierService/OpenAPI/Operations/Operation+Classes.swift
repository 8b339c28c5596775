internal import HTTPServer

extension Operation {
    static let listClasses = Operation(
        .get, "/v1/models/{model}/classes", id: "list_classes", tag: .classes, summary: "List a model's classes",
        description: "Lists all classes in order of appearance, or a page of them with `after` or `limit`.",
        parameters: [
            .model,
            .query("after", .string(length: 1...1024), "The label after which the list begins: `next` of the previous page."),
            .query("limit", .integer(1 ... .max), "The maximum number of classes to list."),
        ],
        answers: [
            Answer(
                .ok, "The classes.",
                .json(
                    .classes,
                    example: """
                        {"model":"fruit","version":1,"classes":[{"label":"apple","count":2,"accuracy":null},\
                        {"label":"banana","count":2,"accuracy":null}]}
                        """))
        ],
        refusals: [.unknownModel, Refusal(.notFound, "There is no class with the label `after`."), .busy])

    static let renameClass = Operation(
        .patch, "/v1/models/{model}/classes/{label}", id: "rename_class", tag: .classes, summary: "Rename a class",
        parameters: [.model, .label],
        body: RequestBody(
            description: "The new label.", content: [.json(.newLabel, example: #"{"label":"plantain"}"#)],
            maximumSize: ServiceLimits.configurationBody),
        answers: [
            Answer(
                .ok, "The class has its new label.",
                .json(.renamedClass, example: #"{"model":"fruit","version":2,"samples":4,"classes":2,"label":"plantain"}"#))
        ],
        refusals: [
            .body, .unknownClass, Refusal(.conflict, "Another class has this label."),
            Refusal(.unprocessableContent, "The model has reached the maximum number of changes."), .busy, .storage,
        ])

    static let joinClasses = Operation(
        .post, "/v1/models/{model}/classes/{label}/merge", id: "join_classes", tag: .classes, summary: "Join a class with another",
        description: """
            Gives the rows of the class in the path to another class, exactly and without the rows: the model is then the one that would \
            have learned them under the other label. The class in the path is gone afterwards.
            """,
        parameters: [.model, .label, .idempotencyKey],
        body: RequestBody(
            description: "The other class.", content: [.json(.otherClass, example: #"{"into":"apple"}"#)],
            maximumSize: ServiceLimits.configurationBody),
        answers: [
            Answer(
                .ok, "The two classes are one.",
                .json(.joinedClasses, example: #"{"model":"fruit","version":2,"samples":4,"classes":1,"rows":2,"into":"apple"}"#))
        ],
        refusals: [
            .body, .unknownClass, Refusal(.conflict, "A class cannot be joined with itself."),
            Refusal(
                .unprocessableContent,
                "The key was already used with a different request, or the model has reached the maximum number of changes."),
            .busy, .storage,
        ])

    static let deleteClass = Operation(
        .delete, "/v1/models/{model}/classes/{label}", id: "delete_class", tag: .classes, summary: "Delete a class",
        description: "The rows of the class stay in the sums as rows of no class; use `unlearn` to remove rows.",
        parameters: [.model, .label],
        answers: [
            Answer(
                .ok, "The class is deleted.",
                .json(
                    .deletedClass,
                    example: """
                        {"model":"fruit","version":2,"samples":4,"classes":1,"label":"banana","rows_of_no_class":2,\
                        "detail":"the class is deleted; its 2 rows stay in the Gram matrix as rows of no class: the weights are the joint \
                        solution in which these rows have all-zero targets"}
                        """))
        ],
        refusals: [.unknownClass, Refusal(.unprocessableContent, "The model has reached the maximum number of changes."), .busy, .storage])
}
