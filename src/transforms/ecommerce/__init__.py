"""The online shop: orders, their customers, products, channels and campaigns."""

from src.contract.warehouse import Warehouse
from src.transforms.dates import DIM_DATE, dim_date
from src.transforms.ecommerce.dim_customer import DIM_CUSTOMER, dim_customer
from src.transforms.ecommerce.dim_marketing_campaign import (
    DIM_MARKETING_CAMPAIGN,
    dim_marketing_campaign,
)
from src.transforms.ecommerce.dim_product import DIM_PRODUCT, dim_product
from src.transforms.ecommerce.dim_sales_channel import DIM_SALES_CHANNEL, dim_sales_channel
from src.transforms.ecommerce.fact_orders import FACT_ORDERS, fact_orders
from src.transforms.ecommerce.staged.customer import CUSTOMER
from src.transforms.ecommerce.staged.exchange_rate import EXCHANGE_RATE
from src.transforms.ecommerce.staged.marketing_campaign import MARKETING_CAMPAIGN
from src.transforms.ecommerce.staged.order_line import ORDER_LINE
from src.transforms.ecommerce.staged.product import PRODUCT
from src.transforms.ecommerce.staged.sales_channel import SALES_CHANNEL

ECOMMERCE = Warehouse(
    name="ecommerce",
    description="online shop: orders, customers, products, channels and campaigns",
    sources=(CUSTOMER, PRODUCT, SALES_CHANNEL, MARKETING_CAMPAIGN, EXCHANGE_RATE, ORDER_LINE),
    tables=(
        (DIM_DATE, dim_date),
        (DIM_CUSTOMER, dim_customer),
        (DIM_PRODUCT, dim_product),
        (DIM_SALES_CHANNEL, dim_sales_channel),
        (DIM_MARKETING_CAMPAIGN, dim_marketing_campaign),
        (FACT_ORDERS, fact_orders),
    ),
    has_sample=True,
)
