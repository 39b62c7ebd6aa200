using Agent.Actors.Backends;
using Agent.Actors.Backends.Drivers;

namespace Agent.Tests.Plugins;

/// <summary>Drivers that misbehave, for assemblies that name them.</summary>
public abstract class FaultyDriver(string name, params DriverSetting[] settings) : IZoneDriver
{
    public string Name => name;

    public IReadOnlyList<DriverSetting> Settings => settings;

    public virtual IZoneBackend Create(DriverContext context) => throw new InvalidDataException("no backend today");

    public sealed class ThrowsAtOnce : FaultyDriver
    {
        public ThrowsAtOnce() : base("throwing") => throw new InvalidDataException("not today");
    }

    public sealed class Kinds() : FaultyDriver(
        "kinds",
        new DriverSetting("number", DriverSettingKind.Number, ""),
        new DriverSetting("flag", DriverSettingKind.Flag, ""),
        new DriverSetting("duration", DriverSettingKind.Duration, ""),
        new DriverSetting("path", DriverSettingKind.Path, ""),
        new DriverSetting("texts", DriverSettingKind.Texts, ""),
        new DriverSetting("text", DriverSettingKind.Text, "") { Default = "say \"\\\"" });

    public sealed class TakenKey() : FaultyDriver("taken", new DriverSetting("server", DriverSettingKind.Text, ""));
}
