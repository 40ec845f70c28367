namespace SentinelCam.People;

/// <summary>Whose accounts there are: invitations, administration, and what people may have done with their own data.</summary>
public static class PeopleServices
{
    public static IServiceCollection AddPeople(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(DeletionOptions.Read(configuration));
        services.AddScoped<AccountAdministration>();
        services.AddScoped<AccountDeletion>();
        services.AddScoped<AccountExport>();
        services.AddScoped<Invitations>();
        return services;
    }
}
