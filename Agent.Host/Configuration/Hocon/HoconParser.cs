using System.Text;

namespace Agent.Host.Configuration.Hocon;

/// <summary>
/// Text to expressions: one recursive descent over the cursor. Fields of one key are kept as a list of definitions, includes are read
/// and put in place at once, and nothing is looked up yet; that is the resolver's work.
/// </summary>
internal sealed class HoconParser
{
    /// <summary>Deeper text is refused: it would exhaust the stack long before it means anything.</summary>
    public const int NestingMax = 64;

    private readonly HoconCursor _cursor;
    private readonly HoconIncludes _includes;
    private readonly IReadOnlyList<IReadOnlyList<string>> _includedAt;
    private readonly Func<IReadOnlyList<string>?, string, string> _foldKey;
    private int _nesting;

    /// <param name="includedAt">Paths of the include statements around this text, innermost first.</param>
    public HoconParser(HoconCursor cursor, HoconIncludes includes, IReadOnlyList<IReadOnlyList<string>> includedAt)
    {
        _cursor = cursor;
        _includes = includes;
        _includedAt = includedAt;
        _foldKey = includes.FoldKey;
    }

    private IReadOnlyList<string> Root => _includedAt is [var innermost, ..] ? innermost : [];

    public ObjectExpression ParseDocument()
    {
        _cursor.SkipBlank();
        if (_cursor.Peek() == '[') throw _cursor.Error("the text must be an object at its root, not a list");
        if (_cursor.Peek() != '{')
        {
            var root = new ObjectExpression(_cursor.Here);
            ParseFields(root, Root, closing: HoconCursor.End);
            return root;
        }

        ObjectExpression braced = ParseObject(Root);
        _cursor.SkipBlank();
        if (!_cursor.AtEnd)
        {
            throw _cursor.Error($"expected the end of the text after the closing brace, found {HoconPath.Describe(_cursor)}");
        }
        return braced;
    }

    /// <summary>A value that must fill the whole text.</summary>
    public HoconExpression ParseWholeValue(IReadOnlyList<string> path)
    {
        _cursor.SkipBlank();
        HoconExpression value = ParseValue(path);
        _cursor.SkipBlank();
        return _cursor.AtEnd ? value : throw _cursor.Error($"unexpected {HoconPath.Describe(_cursor)} after the value");
    }

    private ObjectExpression ParseObject(IReadOnlyList<string>? path)
    {
        var parsed = new ObjectExpression(_cursor.Here);
        Enter(path);
        _cursor.Take();
        ParseFields(parsed, path, closing: '}');
        _nesting--;
        return parsed;
    }

    private void ParseFields(ObjectExpression target, IReadOnlyList<string>? path, char closing)
    {
        HoconOrigin opened = target.Origin;
        _cursor.SkipBlank();
        while (!AtClosing(closing, opened))
        {
            if (!TryParseInclude(target, path)) ParseField(target, path);
            if (!TakeSeparator() && !AtClosing(closing, opened))
            {
                throw _cursor.Error($"expected a comma or a new line before the next key, found {HoconPath.Describe(_cursor)}");
            }
        }

        if (closing != HoconCursor.End) _cursor.Take();
    }

    private bool AtClosing(char closing, HoconOrigin opened)
    {
        if (_cursor.AtEnd) return closing == HoconCursor.End ? true : throw new HoconException(opened, $"this has no closing '{closing}'");
        return closing != HoconCursor.End && _cursor.Peek() == closing;
    }

    /// <summary>One comma or line end, and all the blank around it.</summary>
    private bool TakeSeparator()
    {
        bool separated = _cursor.SkipBlank();
        if (_cursor.Peek() != ',') return separated;
        _cursor.Take();
        _cursor.SkipBlank();
        return true;
    }

    private void ParseField(ObjectExpression target, IReadOnlyList<string>? parent)
    {
        HoconOrigin keyOrigin = _cursor.Here;
        List<string> key = HoconPath.Take(_cursor);
        List<string>? path = parent is null ? null : [.. parent];
        for (int i = 0; i < key.Count; i++)
        {
            key[i] = _foldKey(path, key[i]);
            path?.Add(key[i]);
        }

        if (path?.Count > NestingMax) throw new HoconException(keyOrigin, $"objects are nested more than {NestingMax} deep");
        HoconSlot slot = target.SlotAt(key, keyOrigin);
        if (_cursor.TryTake("+="))
        {
            _cursor.SkipBlank();
            ObjectExpression.Define(slot, new AppendExpression(path, ParseValue(path), keyOrigin));
            return;
        }

        if (_cursor.Peek() is '=' or ':')
        {
            _cursor.Take();
            _cursor.SkipBlank();
        }
        else if (_cursor.Peek() != '{')
        {
            throw _cursor.Error(
                $"expected '=', ':', '+=' or '{{' after the key {HoconPath.Render(key)}, found {HoconPath.Describe(_cursor)}");
        }

        ObjectExpression.Define(slot, ParseValue(path));
    }

    private HoconExpression ParseValue(IReadOnlyList<string>? path)
    {
        HoconOrigin start = _cursor.Here;
        var parts = new List<HoconExpression>();
        var literal = new StringBuilder();
        bool isQuoted = false;
        while (true)
        {
            string spaces = _cursor.TakeSpaces();
            HoconExpression? part = null;
            HoconOrigin origin = _cursor.Here;
            if (_cursor.Peek() == '"' || _cursor.AtUnquoted)
            {
                bool quoted = _cursor.Peek() == '"';
                if (literal.Length > 0 || isQuoted) literal.Append(spaces);
                else if (parts.Count > 0) AddSpace(parts, spaces, origin);
                isQuoted |= quoted || literal.Length > 0;
                literal.Append(quoted ? _cursor.TakeQuoted() : _cursor.TakeUnquoted());
                continue;
            }

            if (_cursor.StartsWith("${")) part = ParseSubstitution();
            else if (_cursor.Peek() == '{') part = ParseObject(path);
            else if (_cursor.Peek() == '[') part = ParseArray();
            else if (!_cursor.AtEnd && !_cursor.AtComment && _cursor.Peek() is not ('\n' or ',' or '}' or ']')) throw NotAllowed();
            FlushLiteral(parts, literal, ref isQuoted, start);
            if (part is null) break;
            if (parts.Count > 0) AddSpace(parts, spaces, origin);
            parts.Add(part);
        }

        return parts.Count switch
        {
            0 => throw _cursor.Error($"expected a value, found {HoconPath.Describe(_cursor)}"),
            1 => parts[0],
            _ => new ConcatenationExpression(parts, start),
        };
    }

    private HoconException NotAllowed() => _cursor.Peek() is ':' or '='
        ? _cursor.Error(
            $"'{_cursor.Peek()}' cannot stand in a value without quotes: write \"...\" around addresses with ports and the like, "
            + "or put each key on its own line")
        : _cursor.Error($"'{_cursor.Peek()}' cannot stand in a value without quotes");

    private static void AddSpace(List<HoconExpression> parts, string spaces, HoconOrigin origin)
    {
        if (spaces.Length > 0) parts.Add(new LiteralExpression(new HoconScalar(spaces, isQuoted: true, origin), isSpace: true));
    }

    private static void FlushLiteral(List<HoconExpression> parts, StringBuilder literal, ref bool isQuoted, HoconOrigin start)
    {
        if (literal.Length == 0 && !isQuoted) return;
        parts.Add(new LiteralExpression(new HoconScalar(literal.ToString(), isQuoted, start)));
        literal.Clear();
        isQuoted = false;
    }

    private SubstitutionExpression ParseSubstitution()
    {
        HoconOrigin start = _cursor.Here;
        _cursor.Skip(2);
        bool isOptional = _cursor.TryTake("?");
        List<string> path = HoconPath.Take(_cursor);
        bool isList = _cursor.TryTake("[]");
        if (!_cursor.TryTake("}"))
        {
            throw _cursor.Error($"expected '}}' at the end of the substitution, found {HoconPath.Describe(_cursor)}");
        }
        return new SubstitutionExpression(path, string.Join('.', path), isOptional, isList, _includedAt, start);
    }

    private ArrayExpression ParseArray()
    {
        var items = new List<HoconExpression>();
        HoconOrigin opened = _cursor.Here;
        Enter(path: null);
        _cursor.Take();
        _cursor.SkipBlank();
        while (!AtClosing(']', opened))
        {
            items.Add(ParseValue(path: null));
            if (!TakeSeparator() && !AtClosing(']', opened))
            {
                throw _cursor.Error($"expected a comma, a new line or ']', found {HoconPath.Describe(_cursor)}");
            }
        }

        _cursor.Take();
        _nesting--;
        return new ArrayExpression(items, opened);
    }

    private void Enter(IReadOnlyList<string>? path)
    {
        if (++_nesting > NestingMax || path?.Count > NestingMax) throw _cursor.Error($"values are nested more than {NestingMax} deep");
    }

    /// <summary>An unquoted <c>include</c> where a key would begin; the word is reserved there.</summary>
    private bool TryParseInclude(ObjectExpression target, IReadOnlyList<string>? path)
    {
        const string word = "include";
        if (!_cursor.StartsWith(word)) return false;
        char after = _cursor.Peek(word.Length);
        if (after != '"' && after != HoconCursor.End && !char.IsWhiteSpace(after) && after is not (':' or '=' or '{' or '+')) return false;
        HoconOrigin start = _cursor.Here;
        _cursor.Skip(word.Length);
        _cursor.TakeSpaces();
        HoconInclude include = ParseIncludeTarget(start);
        if (path is null) throw new HoconException(start, "an include cannot stand inside a list");
        foreach (ObjectExpression included in _includes.Read(include, [.. path], _includedAt)) target.Absorb(included);
        return true;
    }

    private HoconInclude ParseIncludeTarget(HoconOrigin start)
    {
        bool isRequired = TakeCall("required");
        bool isFile = TakeCall("file");
        if (_cursor.StartsWith("url") || _cursor.StartsWith("classpath") || _cursor.StartsWith("package"))
        {
            throw _cursor.Error("only files can be included: include \"...\", include file(\"...\"), include required(file(\"...\"))");
        }

        if (_cursor.Peek() != '"')
        {
            throw new HoconException(start, "'include' begins an include statement here: a file name in quotes, file(\"...\") or "
                + "required(...) must follow (write \"include\" in quotes to use it as a key)");
        }

        string name = _cursor.TakeQuoted();
        for (int open = (isRequired ? 1 : 0) + (isFile ? 1 : 0); open > 0; open--)
        {
            _cursor.TakeSpaces();
            if (!_cursor.TryTake(")")) throw _cursor.Error($"expected ')', found {HoconPath.Describe(_cursor)}");
        }

        return new HoconInclude(name, isRequired, start);
    }

    private bool TakeCall(string name)
    {
        if (!_cursor.TryTake(name + "(")) return false;
        _cursor.TakeSpaces();
        return true;
    }
}
