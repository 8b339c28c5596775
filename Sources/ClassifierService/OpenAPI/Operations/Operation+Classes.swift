internal import HTTPServer

extension Operation {
    static let listClasses = Operation(
        .get, "/v1/models/{model}/classes", id: "list_classes", tag: .classes, summary: "List a model's classes", parameters: [.model],
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
        refusals: [.unknownModel, .busy])

    static let renameClass = Operation(
        .patch, "/v1/models/{model}/classes/{label}", id: "rename_class", tag: .classes, summary: "Give a class another label",
        parameters: [.model, .label],
        body: RequestBody(
            description: "The new label.", content: [.json(.newLabel, example: #"{"label":"plantain"}"#)],
            maximumSize: ModelRoutes.maximumBody),
        answers: [
            Answer(
                .ok, "The class has its new label.",
                .json(.renamedClass, example: #"{"model":"fruit","version":2,"samples":4,"classes":2,"label":"plantain"}"#))
        ],
        refusals: [
            .body, .unknownClass, Refusal(.conflict, "Another class has this label."), .busy, .storage,
        ])

    static let deleteClass = Operation(
        .delete, "/v1/models/{model}/classes/{label}", id: "delete_class", tag: .classes, summary: "Forget a class",
        description: "Its rows stay in the sums as rows of no class: `unlearn` takes out rows.", parameters: [.model, .label],
        answers: [
            Answer(
                .ok, "The class is forgotten.",
                .json(
                    .deletedClass,
                    example: """
                        {"model":"fruit","version":2,"samples":4,"classes":1,"label":"banana","rows_of_no_class":2,"detail":"the label is \
                        forgotten; its 2 rows stay in the Gram matrix as rows of no class: the weights are those of the joint solution in which \
                        these rows have all-zero targets"}
                        """))
        ],
        refusals: [.unknownClass, Refusal(.unprocessableContent, "The weights without it cannot be solved."), .busy, .storage])
}
