extension SafetensorsReader {
    /// Copies a tensor's elements, which must be of the destination's type.
    ///
    /// - Parameter destination: Room for exactly `tensor.elementCount` elements.
    /// - Complexity: O(n); the data may lie at any alignment.
    public func copy<Element: TensorElement>(
        _ tensor: SafetensorsTensor, into destination: UnsafeMutableBufferPointer<Element>
    ) throws(SafetensorsError) {
        try check(tensor, Element.tensorType, count: destination.count)
        UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes(of: tensor))
    }

    /// A tensor's elements, which must be of the given type, as a new array.
    public func array<Element: TensorElement>(
        of tensor: SafetensorsTensor, as type: Element.Type = Element.self
    ) throws(SafetensorsError) -> [Element] {
        try check(tensor, Element.tensorType, count: tensor.elementCount)
        // Writing no elements would write the length of the empty array that all threads share.
        guard tensor.elementCount > 0 else { return [] }
        return [Element](unsafeUninitializedCapacity: tensor.elementCount) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes(of: tensor))
            count = tensor.elementCount
        }
    }

    /// Calls `body` with a tensor's elements, in place if they are aligned, otherwise in a copy.
    ///
    /// - Parameter type: The required element type.
    public func withTensor<Element: TensorElement, Result, Failure: Error>(
        _ tensor: SafetensorsTensor, as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
    ) throws(SafetensorsAccessError<Failure>) -> Result {
        try withTensors([tensor], as: type) { (elements) throws(Failure) in try body(elements[0]) }
    }

    /// Calls `body` with the elements of several tensors, each in place if it is aligned, otherwise in a copy.
    ///
    /// - Parameter type: The required element type.
    /// - Complexity: Linear in the number of tensors; copies of unaligned tensors take as many bytes as the tensors.
    public func withTensors<Element: TensorElement, Result, Failure: Error>(
        _ tensors: [SafetensorsTensor], as type: Element.Type, _ body: ([UnsafeBufferPointer<Element>]) throws(Failure) -> Result
    ) throws(SafetensorsAccessError<Failure>) -> Result {
        var copies: [UnsafeMutableBufferPointer<Element>] = []
        defer { for copy in copies { copy.deallocate() } }
        var elements: [UnsafeBufferPointer<Element>] = []
        elements.reserveCapacity(tensors.count)
        for tensor in tensors {
            do { try check(tensor, Element.tensorType, count: tensor.elementCount) } catch { throw .format(error) }
            let bytes = bytes(of: tensor)
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                // An empty tensor needs no alignment.
                elements.append(UnsafeBufferPointer(start: nil, count: 0))
                continue
            }
            if Int(bitPattern: base) % MemoryLayout<Element>.alignment == 0 {
                elements.append(bytes.assumingMemoryBound(to: Element.self))
            } else {
                let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: tensor.elementCount)
                UnsafeMutableRawBufferPointer(copy).copyMemory(from: bytes)
                copies.append(copy)
                elements.append(UnsafeBufferPointer(copy))
            }
        }
        do throws(Failure) { return try body(elements) } catch { throw .body(error) }
    }

    /// Compares every tensor with its checksum in the last tensor, which has the given name.
    ///
    /// The first checksum covers the header with its length; the others cover the tensors before the last, in the order of their data.
    ///
    /// - Throws: `SafetensorsError`, naming the tensor that differs (none for the header), or if there are no checksums.
    /// - Complexity: Reads the whole file.
    public func verifyChecksums(named name: String = "crc32c") throws(SafetensorsError) {
        let checksums = try requireTensor(named: name, types: [.u32], shape: [tensors.count])
        guard tensors.last == checksums else {
            throw SafetensorsError(.unexpectedTensor(next: tensors.last?.name), tensor: name, at: fileOffset(of: checksums))
        }
        let stored = try array(of: checksums, as: UInt32.self)
        try Self.compare(header, stored[0], tensor: nil, at: 0)
        for (tensor, value) in zip(tensors.dropLast(), stored.dropFirst()) {
            try Self.compare(bytes(of: tensor), value, tensor: tensor.name, at: fileOffset(of: tensor))
        }
    }

    private func check(_ tensor: SafetensorsTensor, _ type: TensorElementType, count: Int) throws(SafetensorsError) {
        guard tensor.type == type else {
            throw SafetensorsError(.wrongType(tensor.type, expected: [type]), tensor: tensor.name, at: fileOffset(of: tensor))
        }
        guard tensor.elementCount == count else {
            throw SafetensorsError(.wrongShape(tensor.shape, expected: [count]), tensor: tensor.name, at: fileOffset(of: tensor))
        }
    }

    private static func compare(
        _ bytes: UnsafeRawBufferPointer, _ stored: UInt32, tensor: String?, at offset: Int
    ) throws(SafetensorsError) {
        let computed = CRC32C(bytes).value
        guard computed == stored else {
            throw SafetensorsError(.checksumMismatch(stored: stored, computed: computed), tensor: tensor, at: offset)
        }
    }
}
