extension SafetensorsReader {
    /// A tensor as an array from which features or labels can be read.
    ///
    /// - Throws: `SafetensorsError` if there is none with that name, or its element type is for neither.
    public func array(named name: String) throws(SafetensorsError) -> ArrayView {
        let usable: [TensorElementType] = [.f32, .f64, .f16, .bf16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool]
        let tensor = try requireTensor(named: name, types: usable)
        let scalar: ArrayScalar =
            switch tensor.type {
            case .f32: .float32
            case .f64: .float64
            case .f16: .float16
            case .bf16: .bfloat16
            case .bool: .bool
            case .i8, .i16, .i32, .i64: .integer(byteCount: tensor.type.byteCount, isSigned: true)
            default: .integer(byteCount: tensor.type.byteCount, isSigned: false)
            }
        guard let layout = ArrayLayout(scalar, shape: tensor.shape),
            let view = ArrayView(name: name, layout: layout, bytes: bytes(of: tensor))
        else { throw SafetensorsError(.shapeTooLarge(tensor.shape), tensor: name, at: fileOffset(of: tensor)) }
        return view
    }
}
