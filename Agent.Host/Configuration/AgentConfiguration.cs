using System.Reflection;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>What the command line names: later files go over earlier ones, and settings go over files.</summary>
/// <param name="Files">Empty: the default file, where there is one.</param>
public sealed record ConfigurationSources(IReadOnlyList<string> Files, IReadOnlyList<string> Settings)
{
    /// <summary>Stands for the process's environment in tests.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Finds the default file; stands for the machine's files in tests.</summary>
    public Func<string?> DefaultFile { get; init; } = AgentConfiguration.DefaultFile;
}

/// <summary>A loaded configuration: the tree that <c>config show</c> prints and the options made of it.</summary>
public sealed class AgentConfiguration
{
    private const string SourceFile = "hocon/agent.conf";
    private const string InstalledFile = "/etc/agent/agent.conf";
    internal const string ReferenceName = "reference.conf";

    private AgentConfiguration(HoconObject root, HoconObject reference, AgentOptions options, ConfigurationFindings findings)
    {
        Findings = findings;
        Root = root;
        Reference = reference;
        Options = options;
    }

    public HoconObject Root { get; }

    public HoconObject Reference { get; }

    public AgentOptions Options { get; }

    /// <summary>What is allowed but deserves a look; written at start and by <c>config check</c>.</summary>
    public IReadOnlyList<string> Warnings => ConfigurationWarnings.Find(this);

    /// <summary>
    /// Files that cannot be read now and are not needed before a server or the journal is asked. A running agent waits for them, such as a
    /// server's key that comes with its first start; <c>config check</c> takes them for errors.
    /// </summary>
    public IReadOnlyList<ConfigurationProblem> AbsentFiles => Findings.AbsentFiles;

    internal ConfigurationFindings Findings { get; }

    /// <exception cref="ConfigurationException">The text is not HOCON, or a value is unknown or wrong.</exception>
    public static AgentConfiguration Load(ConfigurationSources sources)
    {
        IReadOnlyList<string> files = sources.Files.Count > 0 ? sources.Files : sources.DefaultFile() is { } found ? [found] : [];
        try
        {
            return Load(
                loader =>
                {
                    foreach (string file in files) loader.AddFile(file);
                    foreach (string setting in sources.Settings) loader.AddSetting(setting, KeySpelling.Root);
                },
                sources.Environment);
        }
        catch (ConfigurationException failure) when (files.Count == 0)
        {
            throw new ConfigurationException([.. failure.Problems.Select(OfNoFile)]);
        }
    }

    /// <summary>As <see cref="Load(ConfigurationSources)"/>, of a text that is in no file yet.</summary>
    /// <exception cref="ConfigurationException">The text is not HOCON, or a value is unknown or wrong.</exception>
    public static AgentConfiguration OfText(string text, string source) =>
        Load(loader => loader.AddText(text, source), System.Environment.GetEnvironmentVariable);

    private static AgentConfiguration Load(Action<HoconLoader> addTo, Func<string, string?> environment)
    {
        try
        {
            string referenceText = ReferenceText();
            HoconObject reference = new HoconLoader(_ => null, KeySpelling.Fold).AddText(referenceText, ReferenceName).Resolve();
            HoconLoader loader = new HoconLoader(environment, KeySpelling.Fold).AddText(referenceText, ReferenceName);
            addTo(loader);
            HoconObject root = loader.Resolve().WithDefaults(reference);
            (AgentOptions options, ConfigurationFindings findings) = OptionsBinder.Bind(root, reference);
            return new AgentConfiguration(root, reference, options, findings);
        }
        catch (HoconException failure)
        {
            throw new ConfigurationException([new ConfigurationProblem(failure.Origin, "", failure.Problem)]);
        }
    }

    /// <summary>
    /// Beside the sources: <c>hocon/agent.conf</c> in the nearest folder above the program. Installed: a file in /etc. Null: none of them.
    /// </summary>
    public static string? DefaultFile()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, SourceFile);
            if (File.Exists(candidate)) return candidate;
        }

        return File.Exists(InstalledFile) ? InstalledFile : null;
    }

    /// <summary>Where nothing was written no place in a file says what to do: the one value without a default shows it.</summary>
    private static ConfigurationProblem OfNoFile(ConfigurationProblem problem) =>
        problem is not { Path: $"{KeySpelling.Root}.{OptionsBinder.DriverKey}", Origin.Source: ReferenceName }
            ? problem
            : new ConfigurationProblem(
                new HoconOrigin(HoconOriginKind.CommandLine, "agent"),
                "",
                $"no configuration was found: there is no {SourceFile} in {AppContext.BaseDirectory} or a folder above it, "
                    + $"and no {InstalledFile}; name one with --config");

    internal static string ReferenceText()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(ReferenceName)
            ?? throw new InvalidOperationException($"{ReferenceName} is missing from the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
