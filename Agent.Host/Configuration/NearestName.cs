namespace Agent.Host.Configuration;

/// <summary>Finds the known name that a mistyped one was meant to be.</summary>
internal static class NearestName
{
    public static string? Find(string name, IEnumerable<string> known) =>
        known.MinBy(candidate => Distance(name, candidate)) is { } nearest && Distance(name, nearest) <= Math.Max(2, name.Length / 2)
            ? nearest
            : null;

    /// <summary>Insertions, removals, replacements and swaps of neighbours that lead from one text to the other.</summary>
    public static int Distance(string from, string to)
    {
        // Long input is no typing error; this also bounds the table.
        if (from.Length > 64 || to.Length > 64) return int.MaxValue;
        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++) cost[i, 0] = i;
        for (int j = 0; j <= to.Length; j++) cost[0, j] = j;
        for (int i = 1; i <= from.Length; i++)
        {
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool isSwap = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                if (isSwap) cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[from.Length, to.Length];
    }
}
