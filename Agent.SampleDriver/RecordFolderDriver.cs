using Agent.Actors.Backends;
using Agent.Actors.Backends.Drivers;
using Agent.SampleDriver;

[assembly: ZoneDriver(typeof(RecordFolderDriver))]

namespace Agent.SampleDriver;

/// <summary>The driver <c>record-folder</c>: what it is called, what it wants to know, and how it begins.</summary>
public sealed class RecordFolderDriver : IZoneDriver
{
    /// <inheritdoc/>
    public string Name => "record-folder";

    /// <inheritdoc/>
    public IReadOnlyList<DriverSetting> Settings { get; } =
    [
        new("folder", DriverSettingKind.Path, "where the lists lie; it must be there") { IsRequired = true },
        new("suffix", DriverSettingKind.Text, "how the lists' names end") { Default = ".records" },
    ];

    /// <inheritdoc/>
    public IZoneBackend Create(DriverContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        string suffix = context.Settings.Text("suffix");
        if (suffix.Length == 0 || suffix.Contains('/', StringComparison.Ordinal))
            throw new DriverSettingException("suffix", $"'{suffix}' cannot be the end of a file's name");
        return new RecordFolderBackend(context.Settings.Text("folder"), suffix, context.Time);
    }
}
