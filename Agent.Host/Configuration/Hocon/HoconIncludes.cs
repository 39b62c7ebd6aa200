using System.Text;

namespace Agent.Host.Configuration.Hocon;

internal sealed record HoconInclude(string Name, bool IsRequired, HoconOrigin Origin);

/// <summary>
/// Reads files for the parser: relative names start at the including file's folder, a name without extension also finds
/// <c>.json</c> and <c>.conf</c>, and a <c>*</c> in the last part of a name stands for many files in the order of their names.
/// Depth, number and size are bounded and a file cannot include itself.
/// </summary>
internal sealed class HoconIncludes(Func<IReadOnlyList<string>?, string, string> foldKey)
{
    public const int DepthMax = 32;
    public const int FilesMax = 1_000;
    public const int CharactersMax = 16 * 1024 * 1024;

    private readonly Stack<string> _open = new();
    private int _files;
    private int _characters;

    /// <summary>Gives the one spelling of a key (by its parent's path, null inside a list) that the resolver works with.</summary>
    public Func<IReadOnlyList<string>?, string, string> FoldKey { get; } = foldKey;

    /// <summary>A file named by the user, which must exist.</summary>
    public ObjectExpression ReadFile(string path)
    {
        string fullPath = Path.GetFullPath(path);
        return Parse(fullPath, path, [], new HoconOrigin(HoconOriginKind.CommandLine, path));
    }

    public ObjectExpression ReadText(string text, HoconOriginKind kind, string source)
    {
        return new HoconParser(new HoconCursor(text, kind, source), this, []).ParseDocument();
    }

    public IEnumerable<ObjectExpression> Read(HoconInclude include, List<string> at, IReadOnlyList<IReadOnlyList<string>> includedAt)
    {
        if (_open.Count == 0)
        {
            throw new HoconException(include.Origin, "this text is not a file, so an include has no folder to start from");
        }
        string folder = Path.GetDirectoryName(_open.Peek())!;
        string path = Path.GetFullPath(Path.Combine(folder, include.Name));
        List<string> found = Candidates(path);
        if (found.Count == 0 && include.IsRequired) throw new HoconException(include.Origin, $"the required file {path} does not exist");
        return found.Select(file => Parse(file, file, [at, .. includedAt], include.Origin)).ToList();
    }

    private static List<string> Candidates(string path)
    {
        string name = Path.GetFileName(path);
        string folder = Path.GetDirectoryName(path) ?? "/";
        if (name.Contains('*'))
        {
            return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, name).Order(StringComparer.Ordinal)] : [];
        }

        if (File.Exists(path)) return [path];
        return Path.HasExtension(path) ? [] : [.. new[] { path + ".json", path + ".conf" }.Where(File.Exists)];
    }

    private ObjectExpression Parse(string fullPath, string shownPath, List<IReadOnlyList<string>> includedAt, HoconOrigin origin)
    {
        if (_open.Contains(fullPath)) throw new HoconException(origin, $"the file {shownPath} includes itself");
        if (_open.Count >= DepthMax) throw new HoconException(origin, $"includes are nested more than {DepthMax} deep");
        if (++_files > FilesMax) throw new HoconException(origin, $"more than {FilesMax} files are included");
        string text = ReadText(fullPath, shownPath, origin);
        _open.Push(fullPath);
        ObjectExpression parsed = new HoconParser(new HoconCursor(text, HoconOriginKind.File, shownPath), this, includedAt).ParseDocument();
        _open.Pop();
        return parsed;
    }

    private string ReadText(string fullPath, string shownPath, HoconOrigin origin)
    {
        try
        {
            using var reader = new StreamReader(fullPath, new UTF8Encoding(false, throwOnInvalidBytes: true));
            var text = new StringBuilder();
            char[] block = new char[64 * 1024];
            for (int read = reader.Read(block); read > 0; read = reader.Read(block))
            {
                _characters += read;
                if (_characters > CharactersMax) throw new HoconException(origin, $"more than {CharactersMax} characters of configuration");
                text.Append(block, 0, read);
            }

            return text.ToString();
        }
        catch (DecoderFallbackException)
        {
            throw new HoconException(origin, $"{shownPath} is not UTF-8 text");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new HoconException(origin, $"cannot read {shownPath}: {failure.Message}");
        }
    }
}
