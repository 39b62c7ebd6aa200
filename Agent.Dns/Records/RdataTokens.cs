namespace Agent.Dns.Records;

/// <summary>A cursor over the words of one record's data, as a master file reader has split them.</summary>
/// <remarks>Nothing is copied; it lives as long as the text it was made of.</remarks>
public ref struct RdataTokens
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly ReadOnlySpan<RdataToken> _tokens;

    /// <summary>Starts before the first word.</summary>
    public RdataTokens(ReadOnlySpan<byte> text, ReadOnlySpan<RdataToken> tokens)
    {
        _text = text;
        _tokens = tokens;
    }

    /// <summary>How many words are taken; after an error the word at fault is the one before.</summary>
    public int Position { get; private set; }

    /// <summary>Words not taken yet.</summary>
    public readonly int Remaining => _tokens.Length - Position;

    /// <summary>Takes the next word.</summary>
    public bool TryNext(out ReadOnlySpan<byte> word, out bool quoted)
    {
        if (!TryPeek(out word, out quoted)) return false;
        Position++;
        return true;
    }

    /// <summary>Looks at the next word.</summary>
    public readonly bool TryPeek(out ReadOnlySpan<byte> word, out bool quoted)
    {
        word = default;
        quoted = false;
        if (Position >= _tokens.Length) return false;
        var token = _tokens[Position];
        word = _text.Slice(token.Start, token.Length);
        quoted = token.Quoted;
        return true;
    }

    /// <summary>
    /// Splits a text into words by the rules of RFC 1035 5.1: white space separates, quotes hold together, a semicolon starts a comment
    /// up to the end of its line, parentheses count as white space.
    /// </summary>
    /// <param name="text">A record's data, or any one entry of a master file.</param>
    /// <param name="tokens">Receives the words at its end.</param>
    /// <returns>False if a quote stays open.</returns>
    public static bool TrySplit(ReadOnlySpan<byte> text, IList<RdataToken> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var position = 0;
        while (position < text.Length)
        {
            var value = text[position];
            if (IsSeparator(value))
            {
                position++;
            }
            else if (value == ';')
            {
                while (position < text.Length && text[position] != '\n') position++;
            }
            else if (value == '"')
            {
                var end = FindClosingQuote(text, position + 1);
                if (end < 0) return false;
                tokens.Add(new RdataToken(position + 1, end - position - 1, Quoted: true));
                position = end + 1;
            }
            else
            {
                var end = FindEndOfWord(text, position);
                if (end < 0) return false;
                tokens.Add(new RdataToken(position, end - position, Quoted: false));
                position = end;
            }
        }

        return true;
    }

    private static int FindClosingQuote(ReadOnlySpan<byte> text, int position)
    {
        for (; position < text.Length; position++)
        {
            if (text[position] == '"') return position;
            if (text[position] == '\\') position++;
        }

        return -1;
    }

    private static int FindEndOfWord(ReadOnlySpan<byte> text, int position)
    {
        for (; position < text.Length && !IsSeparator(text[position]) && text[position] != ';'; position++)
        {
            if (text[position] == '\\')
            {
                position++;
            }
            else if (text[position] == '"')
            {
                position = FindClosingQuote(text, position + 1);
                if (position < 0) return -1;
            }
        }

        return Math.Min(position, text.Length);
    }

    private static bool IsSeparator(byte value) => value is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'(' or (byte)')';
}
