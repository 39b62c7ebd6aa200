using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>A key that names a file with a secret.</summary>
/// <param name="Path">The key.</param>
/// <param name="File">The full path; empty where none is given.</param>
/// <param name="Origin">Where it is given.</param>
internal sealed record SecretFile(string Path, string File, HoconOrigin Origin);

/// <summary>
/// What reading a configuration brings to light beside the options. A value that several sections fall back to is told of once.
/// </summary>
internal sealed class ConfigurationFindings
{
    private readonly HashSet<(HoconOrigin Origin, string Key)> _told = [];
    private bool _isUnused;

    /// <summary>With any of them the configuration cannot be used.</summary>
    public List<ConfigurationProblem> Problems { get; } = [];

    /// <summary>What is allowed and may well be a slip.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Files that are not read before they are needed, and cannot be read now: an agent may start before they come.</summary>
    public List<ConfigurationProblem> AbsentFiles { get; } = [];

    /// <summary>Each key for a secret in a file that was read, given or not.</summary>
    public List<SecretFile> SecretFiles { get; } = [];

    /// <summary>The paths of all keys that were asked for, but for those below names that the user gave.</summary>
    public HashSet<string> KeysRead { get; } = new(StringComparer.Ordinal);

    public void Warn(HoconOrigin origin, string key, string text)
    {
        if (_told.Add((origin, key))) Warnings.Add($"{origin}: {text}");
    }

    /// <summary>Tries to open what will be opened later.</summary>
    public void LookFor(HoconOrigin origin, string key, string path, string file)
    {
        if (file.Length == 0 || _isUnused) return;
        try
        {
            using FileStream opened = File.OpenRead(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (!_told.Add((origin, key))) return;
            AbsentFiles.Add(new ConfigurationProblem(origin, path, $"cannot read {file}: {failure.Message}"));
        }
    }

    /// <summary>
    /// Reads a section that nothing uses. Values that are wrong by themselves are warned of; what is missing there is nobody's mistake.
    /// </summary>
    public void ReadUnused(Action read)
    {
        int before = Problems.Count;
        _isUnused = true;
        read();
        _isUnused = false;
        foreach (ConfigurationProblem problem in Problems.Skip(before).Where(problem => problem.IsOfValue))
        {
            string key = problem.Path[(problem.Path.LastIndexOf('.') + 1)..];
            Warn(problem.Origin, key, $"{problem.Path}: {problem.Text} (nothing uses it now)");
        }

        Problems.RemoveRange(before, Problems.Count - before);
    }
}
