using System.Text.Encodings.Web;
using System.Text.Json;

namespace Agent.Host.Commands;

/// <summary>Results as JSON for people and programs at a terminal.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,

        // For a terminal or a program that reads JSON, never for a page: signs such as + stay themselves.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write<T>(CommandConsole console, T value) => console.Output.WriteLine(JsonSerializer.Serialize(value, Indented));
}
