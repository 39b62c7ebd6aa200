namespace Agent.Bench.Runtime;

/// <summary>Settings of the runtime, as variables of the agent's environment, which go before what it ships with.</summary>
internal sealed record RuntimeChoice(string Name, IReadOnlyDictionary<string, string> Variables)
{
    public const string Shipped = "as shipped";

    /// <summary>The first is what the agent has by itself.</summary>
    public static IReadOnlyList<RuntimeChoice> All { get; } =
    [
        Of(Shipped),
        Of("workstation, concurrent, profile-guided", ("DOTNET_TieredPGO", "1")),
        Of("workstation, not concurrent", ("DOTNET_gcConcurrent", "0")),
        Of("workstation, youngest generation of 64 MiB", ("DOTNET_GCGen0MaxBudget", "0x4000000")),
        Of("workstation, youngest generation of 4 MiB", ("DOTNET_GCGen0MaxBudget", "0x400000")),
        Of("server", ("DOTNET_gcServer", "1")),
    ];

    private static RuntimeChoice Of(string name, params (string Name, string Value)[] variables) =>
        new(name, variables.ToDictionary(one => one.Name, one => one.Value, StringComparer.Ordinal));
}
