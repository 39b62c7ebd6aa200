using System.Net;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Backends.Drivers;

/// <summary>What a driver is given for one target.</summary>
/// <param name="Target">The user's name for it, for messages.</param>
/// <param name="Settings">The values of the driver's own keys.</param>
/// <param name="Server">Where the server answers DNS; null when the user did not say.</param>
/// <param name="SpoolFolder">For files that need not survive; emptied at the agent's start.</param>
/// <param name="Time">The clock, also for deadlines.</param>
/// <param name="Logger">The agent's log.</param>
public sealed record DriverContext(
    string Target, DriverValues Settings, EndPoint? Server, string SpoolFolder, TimeProvider Time, ILogger Logger);

/// <summary>The values of a driver's settings, read and checked by their kinds.</summary>
/// <param name="values">By key.</param>
public sealed class DriverValues(IReadOnlyDictionary<string, object> values)
{
    /// <summary>Of a text or a path.</summary>
    public string Text(string key) => (string)values[key];

    /// <summary>Of a number.</summary>
    public int Number(string key) => (int)values[key];

    /// <summary>Of a flag.</summary>
    public bool Flag(string key) => (bool)values[key];

    /// <summary>Of a duration.</summary>
    public TimeSpan Duration(string key) => (TimeSpan)values[key];

    /// <summary>Of a list.</summary>
    public IReadOnlyList<string> Texts(string key) => (IReadOnlyList<string>)values[key];
}
