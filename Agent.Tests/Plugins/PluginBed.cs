using System.Reflection;
using System.Reflection.Emit;
using Agent.Actors.Backends.Drivers;
using Agent.Bench.Peers;
using Agent.Tests.Architecture;

namespace Agent.Tests.Plugins;

/// <summary>A folder of plugins: the sample as it was built, and others that are broken in one way each.</summary>
internal sealed class PluginBed : IDisposable
{
    public const string Sample = "record-folder";

    private readonly TemporaryFolder _folder = new("plugins");

    public string FullPath => _folder.FullPath;

    /// <summary>Where the build of this run put the sample.</summary>
    private static string SampleOutput
    {
        get
        {
            string[] built = AppContext.BaseDirectory.TrimEnd('/').Split('/');
            return Path.Combine(SourceTree.Root, "Agent.SampleDriver", "bin", built[^2], built[^1]);
        }
    }

    public static PluginBed WithSample()
    {
        PluginBed bed = new();
        bed.AddSample(Sample);
        return bed;
    }

    public string FileOf(string name) => Path.Combine(FullPath, name, name + ".dll");

    /// <summary>The sample in the folder of a name, which need not be its own.</summary>
    public void AddSample(string name)
    {
        string folder = _folder.CreateFolder(name);
        foreach (string file in Directory.EnumerateFiles(SampleOutput))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file).Replace(Sample, name, StringComparison.Ordinal)));
    }

    public void AddText(string name)
    {
        _folder.CreateFolder(name);
        File.WriteAllText(FileOf(name), "no assembly at all");
    }

    public void AddEmptyFolder(string name) => _folder.CreateFolder(name);

    /// <summary>An assembly that names this type as its driver, for this version of the port.</summary>
    public void AddAssembly(string name, Type? driver, int portVersion = DriverPort.Version)
    {
        _folder.CreateFolder(name);
        PersistedAssemblyBuilder assembly = new(new AssemblyName(name) { Version = new Version(4, 5, 6, 0) }, typeof(object).Assembly);
        assembly.DefineDynamicModule(name);
        if (driver is not null)
        {
            ConstructorInfo attribute = typeof(ZoneDriverAttribute).GetConstructors().Single();
            assembly.SetCustomAttribute(new CustomAttributeBuilder(attribute, [driver, portVersion]));
        }

        assembly.Save(FileOf(name));
    }

    public void Dispose() => _folder.Dispose();
}
