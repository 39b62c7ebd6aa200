using System.Collections.Concurrent;
using System.Reflection;
using Agent.Actors.Backends.Drivers;

namespace Agent.Host.Plugins;

/// <summary>A plugin as it was found.</summary>
/// <param name="Name">Of the driver: that of the file and its folder.</param>
/// <param name="File">Full path of the assembly.</param>
/// <param name="Version">Of the assembly; empty when it could not be read.</param>
/// <param name="Driver">Null when there is a problem.</param>
/// <param name="Problem">Why there is no driver; empty when there is one.</param>
public sealed record PluginFile(string Name, string File, string Version, IZoneDriver? Driver, string Problem)
{
    // An assembly is loaded once in a process: a file that was exchanged is taken at the next start.
    private static readonly ConcurrentDictionary<string, Lazy<PluginFile>> Loaded = new(StringComparer.Ordinal);

    /// <summary>The keys that the driver says it has, as they were when it was loaded.</summary>
    public IReadOnlyList<DriverSetting> Settings { get; private init; } = [];

    /// <summary>It is there and works, as far as can be said.</summary>
    public bool IsUsable => Driver is not null;

    /// <summary>Loads it, or says why that cannot be; never throws for what a plugin does.</summary>
    public static PluginFile Load(string name, string file) =>
        Loaded.GetOrAdd(file, path => new Lazy<PluginFile>(() => Read(name, path))).Value;

    /// <summary>What foreign code threw, in one line: the cause, and not what it was wrapped into on its way.</summary>
    internal static string Told(Exception failure)
    {
        Exception cause = failure.GetBaseException();
        return $"{cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ")}";
    }

    private static PluginFile Read(string name, string file)
    {
        string version = "";
        try
        {
            if (!System.IO.File.Exists(file)) return Unusable("there is no such file");
            if (!OperatingSystem.IsWindows() && System.IO.File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherWrite))
                return Unusable("everybody may write to it: chmod o-w");
            Assembly assembly = new PluginLoadContext(file).LoadFromAssemblyPath(file);
            version = VersionOf(assembly);
            if (assembly.GetCustomAttribute<ZoneDriverAttribute>() is not { } said)
                return Unusable($"it names no driver: {nameof(ZoneDriverAttribute)} is missing");
            if (said.PortVersion != DriverPort.Version)
                return Unusable($"it was built for version {said.PortVersion} of the port, and this agent has {DriverPort.Version}");
            if (Activator.CreateInstance(said.Driver) is not IZoneDriver driver)
                return Unusable($"{said.Driver.FullName} is no {nameof(IZoneDriver)}");
            if (driver.Name != name) return Unusable($"its driver is called '{driver.Name}', and not '{name}' as the file and its folder");
            return new PluginFile(name, file, version, driver, "") { Settings = Checked(driver.Settings) };
        }
        catch (Exception failure)
        {
            // Whatever foreign code throws, and whatever the runtime says of a file that is no assembly or lacks another.
            return Unusable(Told(failure));
        }

        PluginFile Unusable(string problem) => new(name, file, version, null, problem);
    }

    private static DriverSetting[] Checked(IReadOnlyList<DriverSetting> settings)
    {
        string[] keys = [.. settings.Select(setting => setting.Key)];
        string[] taken = ["server", "scope", "driver", "on-expire", "verify", "re-add", "drift"];
        if (keys.FirstOrDefault(key => key.Length == 0 || key.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            is { } odd)
        {
            throw new DriverSettingException(odd, "keys have lower case letters, digits and hyphens");
        }

        if (keys.Intersect(taken).FirstOrDefault() is { } own) throw new DriverSettingException(own, "all targets have this key already");
        if (keys.Distinct().Count() < keys.Length) throw new DriverSettingException(string.Join(", ", keys), "a key stands there twice");
        return [.. settings];
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? assembly.GetName().Version?.ToString() ?? "";
}
