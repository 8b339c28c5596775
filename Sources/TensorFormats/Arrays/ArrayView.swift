/// An array in memory owned by the caller, ready to be read as features or labels.
///
/// The bytes must stay valid while the view is used. They may have any alignment.
public struct ArrayView {
    /// The name of the array in messages.
    public let name: String
    /// The meaning of the bytes.
    public let layout: ArrayLayout
    /// The elements.
    public let bytes: UnsafeRawBufferPointer

    /// A view of `bytes`, or nil if their number does not match the layout.
    public init?(name: String, layout: ArrayLayout, bytes: UnsafeRawBufferPointer) {
        guard bytes.count == layout.byteCount else { return nil }
        self.name = name
        self.layout = layout
        self.bytes = bytes
    }

    func failure(_ kind: ArrayError.Kind, row: Int? = nil, column: Int? = nil) -> ArrayError {
        ArrayError(kind, place: FieldPlace(field: name, row: row, column: column))
    }
}
