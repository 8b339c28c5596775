internal import TensorFormats

/// What says how classes are.
extension Schema {
    static let classes = object([
        .required("model", modelName), .required("version", version),
        .required(
            "classes",
            array(
                of: object([
                    .required("label", label), .required("count", count, "The rows learned of it."),
                    .required("accuracy", share.orNull, "The share of them predicted right before they were learned."),
                ])), "In the order in which they appeared."),
    ]).named("Classes")

    private static let state: [Member] = [
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
    ]

    static let newLabel = object(
        [.required("label", string(length: 1...1024), "The new label, at most 1,024 bytes of UTF-8.")], isClosed: true
    )
    .named("NewLabel")

    static let renamedClass = object(state + [.required("label", label, "The new label.")]).named("RenamedClass")

    static let deletedClass = object(
        state + [
            .required("label", label, "The label that is forgotten."),
            .required("rows_of_no_class", count, "Its rows, which stay in the Gram matrix as rows of no class."),
            .required("detail", string()),
        ]
    ).named("DeletedClass")
}
