namespace Agent.Dns.Records;

/// <summary>Base64 one character at a time, since master files break it into words anywhere.</summary>
internal struct Base64Decoder
{
    private int _bits;
    private int _bitCount;
    private int _characters;
    private int _padding;

    /// <summary>True after whole groups of four, at least one.</summary>
    public readonly bool IsComplete => _characters > 0 && _characters % 4 == 0;

    public bool TryTake(byte character, out byte value, out bool hasValue)
    {
        value = 0;
        hasValue = false;
        _characters++;
        if (character == '=') return ++_padding <= 2 && (_characters - 1) % 4 >= 2;
        var digit = character switch
        {
            >= (byte)'A' and <= (byte)'Z' => character - 'A',
            >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
            >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
            (byte)'+' => 62,
            (byte)'/' => 63,
            _ => -1,
        };
        if (digit < 0 || _padding > 0) return false;
        _bits = ((_bits << 6) | digit) & 0xFFFF;
        _bitCount += 6;
        if (_bitCount < 8) return true;
        _bitCount -= 8;
        value = (byte)(_bits >> _bitCount);
        hasValue = true;
        return true;
    }
}
