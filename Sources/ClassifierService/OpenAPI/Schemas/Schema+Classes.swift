internal import TensorFormats

/// Classes of a model.
extension Schema {
    static let classes = object([
        .required("model", modelName), .required("version", version),
        .required(
            "classes",
            array(
                of: object([
                    .required("label", label), .required("count", count, "The number of rows learned."),
                    .required("accuracy", share.orNull, "The share of these rows predicted correctly before they were learned."),
                ])), "In order of appearance."),
        .optional("next", label.orNull, "If a page was requested: `after` of the next page, or null if there is none."),
    ]).named("Classes")

    private static let state: [Member] = [
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
    ]

    /// A label as text: JSON can write U+0000, and no label has it.
    private static let text = string(pattern: "^[^\\u0000]*$", length: 1...1024)

    static let newLabel = object(
        [.required("label", text, "The new label, at most 1,024 bytes of UTF-8.")], isClosed: true
    )
    .named("NewLabel")

    static let renamedClass = object(state + [.required("label", label, "The new label.")]).named("RenamedClass")

    static let otherClass = object(
        [.required("into", text, "The class that gets the rows.")], isClosed: true
    )
    .named("OtherClass")

    static let joinedClasses = object(
        state + [
            .required("rows", count, "The number of rows that have another label now."),
            .required("into", label, "The class that has the rows of both."),
        ]
    ).named("JoinedClasses")

    static let deletedClass = object(
        state + [
            .required("label", label, "The deleted label."),
            .required("rows_of_no_class", count, "The number of its rows, which stay in the Gram matrix as rows of no class."),
            .required("detail", string()),
        ]
    ).named("DeletedClass")
}
